#include "emulator/base/api_version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

using testing::HasSubstr;

EmulatorOptions Of(ApiVersion version) {
  EmulatorOptions options;
  options.api_version = version;
  options.delays.accept = milliseconds::zero();
  return options;
}

class OldApi : public ApiFixture {
 protected:
  OldApi() : ApiFixture(Of(ApiVersion::k0_190)) {}
};
class NewApi : public ApiFixture {
 protected:
  NewApi() : ApiFixture(Of(ApiVersion::k0_226)) {}
};

// The members of a create that only newer servers know.
constexpr char kNewerMembers[] =
    R"({"name":"skew","ttlMinutes":5,"spot":true,"autoPauseInterval":5,"outboundProxyUrl":"http://p:1",
        "otelEndpointOverride":"http://o","kvm":true,"queueTimeout":7})";

TEST(ApiVersionText, IsReadAndWritten) {
  EXPECT_EQ(ParseApiVersion("0.190"), ApiVersion::k0_190);
  EXPECT_EQ(ParseApiVersion("0.226.0"), ApiVersion::k0_226);
  EXPECT_EQ(ParseApiVersion("0.205"), std::nullopt);
  EXPECT_EQ(ToText(ApiVersion::k0_190), "0.190.0");
}

TEST_F(OldApi, IgnoresMembersThatItDoesNotKnow) {
  const std::string id = StartedSandbox(kNewerMembers);
  const AnswerBytes got = Get("/api/sandbox/" + id);
  EXPECT_TRUE(got.HasHeader("X-Daytona-Api-Version: 0.190.0"));
  const Json item = Get("/api/sandbox").Parsed()["items"][0];
  for (const char* member : {"spot", "autoPauseInterval", "autoDestroyAt", "outboundProxyUrl", "otelEndpointOverride",
                             "kvm", "queueTimeout"}) {
    EXPECT_FALSE(got.Parsed().contains(member)) << member;
    EXPECT_FALSE(item.contains(member)) << member;
  }
  EXPECT_FALSE(item.contains("networkBlockAll"));
  // Not even their types are checked.
  EXPECT_EQ(Begin("POST", "/api/sandbox", R"({"ttlMinutes":"soon","spot":"yes","queueTimeout":-1})")->text, "");
}

TEST_F(OldApi, IgnoresFiltersThatItDoesNotKnow) {
  StartedSandbox(R"({"name":"a"})");
  EXPECT_EQ(Get("/api/sandbox?autoDestroyAtAfter=2020-01-01T00:00:00Z&minGpu=1").Parsed()["items"].size(), 1U);
  EXPECT_EQ(Get("/api/snapshots?sourceSandboxId=x").Parsed()["items"].size(), 1U);
}

TEST_F(OldApi, HasNumberedListsButNoNewerRoutes) {
  const std::string id = StartedSandbox();
  EXPECT_EQ(Get("/api/sandbox/paginated?page=1&limit=1").Parsed()["total"], 1);
  EXPECT_EQ(Post("/api/sandbox/" + id + "/ttl/10").Message(), "Cannot POST /api/sandbox/" + id + "/ttl/10");
  EXPECT_EQ(Post("/api/sandbox/" + id + "/autopause/5").Message(), "Cannot POST /api/sandbox/" + id + "/autopause/5");
  EXPECT_EQ(Get("/api/organizations/o/gpu-capacity").Message(), "Cannot GET /api/organizations/o/gpu-capacity");
}

TEST_F(OldApi, AnswersLackNewerMembers) {
  EXPECT_EQ(Get("/api/config").Parsed()["version"], "0.190.0");
  EXPECT_FALSE(Get("/api/config").Parsed().contains("sshGatewayHost"));
  EXPECT_FALSE(Get("/api/snapshots").Parsed()["items"][0].contains("sourceSandboxId"));
}

TEST_F(OldApi, KnowsOldKinds) {
  const std::string build = R"({"gpu":1,"autoDeleteInterval":0,"buildInfo":{"dockerfileContent":"FROM a:1\n"},)";
  EXPECT_EQ(Post("/api/sandbox", build + R"("gpuType":["H100"]})").Status(), 200);
  EXPECT_THAT(Post("/api/sandbox", build + R"("gpuType":["B300"]})").Message(), HasSubstr("RTX-PRO-6000"));
  EXPECT_EQ(Get("/api/sandbox?sandboxClasses=android").Status(), 200);
  EXPECT_EQ(Begin("POST", "/api/sandbox", R"({"autoStopInterval":1.5})")->text, "") << "fractions are numbers";
}

TEST_F(NewApi, KeepsAndShowsNewerMembers) {
  const std::string id = StartedSandbox(kNewerMembers);
  const AnswerBytes got = Get("/api/sandbox/" + id);
  EXPECT_TRUE(got.HasHeader("X-Daytona-Api-Version: 0.226.0"));
  const Json sandbox = got.Parsed();
  EXPECT_EQ(sandbox["spot"], true);
  EXPECT_EQ(sandbox["kvm"], true);
  EXPECT_EQ(sandbox["queueTimeout"], 7);
  EXPECT_EQ(sandbox["autoPauseInterval"], 5);
  EXPECT_EQ(sandbox["outboundProxyUrl"], "http://p:1");
  EXPECT_FALSE(sandbox.contains("queueTimedOutAt"));
  const Json item = Get("/api/sandbox").Parsed()["items"][0];
  EXPECT_EQ(item["queueTimeout"], 7);
  EXPECT_EQ(item["networkBlockAll"], false);
  EXPECT_FALSE(item.contains("kvm"));
}

TEST_F(NewApi, TakesNoFractionsAndNoUnknownKinds) {
  EXPECT_EQ(Post("/api/sandbox", R"({"autoStopInterval":1.5})").Message(),
            "autoStopInterval must be an integer number");
  EXPECT_EQ(Post("/api/sandbox", R"({"queueTimeout":0})").Message(), "queueTimeout must not be less than 1");
  EXPECT_EQ(Post("/api/snapshots", R"({"name":"s","imageName":"a:1","sandboxClass":"android"})").Message(),
            "sandboxClass must be one of the following values: linux-vm, container, windows");
  EXPECT_EQ(Get("/api/sandbox?sandboxClasses=android").Message(),
            "each value must be one of the following values: linux-vm, container, windows");
  const std::string build = R"({"gpu":1,"autoDeleteInterval":0,"buildInfo":{"dockerfileContent":"FROM a:1\n"},)";
  EXPECT_EQ(Post("/api/sandbox", build + R"("gpuType":"B300"})").Parsed()["gpuType"], "B300");
  EXPECT_EQ(Post("/api/sandbox", build + R"("gpuType":["B3000"]})").Status(), 400);
}

TEST_F(NewApi, FiltersByGpus) {
  StartedSandbox(R"({"name":"a"})");
  EXPECT_EQ(Get("/api/sandbox?minGpu=0&maxGpu=0").Parsed()["items"].size(), 1U);
  EXPECT_EQ(Get("/api/sandbox?minGpu=1").Parsed()["items"].size(), 0U);
  EXPECT_EQ(Get("/api/sandbox?minGpu=-1").Message(), "minGpu must not be less than 0");
}

TEST_F(NewApi, HasNoNumberedLists) {
  EXPECT_EQ(Get("/api/sandbox/paginated?page=1&limit=1").Message(), "Cannot GET /api/sandbox/paginated?page=1&limit=1");
  EXPECT_EQ(Get("/api/sandbox/paginated").Status(), 404);
  const std::string id = StartedSandbox(R"({"name":"paginated"})");
  EXPECT_EQ(Get("/api/sandbox/paginated").Parsed()["id"], id) << "a name like any other";
}

TEST_F(NewApi, ReportsTheSshGatewayAndGpuCapacity) {
  EXPECT_EQ(Get("/api/config").Parsed()["sshGatewayPort"], 2222);
  EXPECT_EQ(Get("/api/config").Parsed()["sshGatewayHostKeys"].size(), 1U);
  const Json capacity = Get("/api/organizations/o/gpu-capacity").Parsed();
  EXPECT_EQ(capacity["observedAt"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(capacity["capacity"][0]["gpuType"], "H100");
  EXPECT_EQ(capacity["capacity"][0]["availableSpot"], 4);
}

}  // namespace
}  // namespace daytonad::emulator
