#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

using testing::StartsWith;
using namespace std::chrono_literals;

class SandboxRoutes : public ApiFixture {};

TEST_F(SandboxRoutes, CreateHoldsItsAnswerUntilStartedAndAnswersTheFirstState) {
  const auto answer = Begin("POST", "/api/sandbox", R"({"name":"a","env":{"K":"v"}})");
  time_.Advance(options_.delays.create - 1ms);
  EXPECT_FALSE(answer->finished);
  EXPECT_EQ(StateOf("a"), "creating");
  time_.Advance(1ms);
  ASSERT_EQ(answer->Status(), 200);
  EXPECT_EQ(answer->Parsed()["state"], "creating");
  // Unset members are absent here, and null in a GET.
  EXPECT_FALSE(answer->Parsed().contains("errorReason"));
  EXPECT_TRUE(answer->HasHeader("X-RateLimit-Limit-sandbox-create: 300"));
  const Json got = Get("/api/sandbox/a").Parsed();
  EXPECT_EQ(got["state"], "started");
  EXPECT_TRUE(got["errorReason"].is_null());
  EXPECT_EQ(got["daemonVersion"], "v0.190.0");
}

TEST_F(SandboxRoutes, AHeldCreateGivesUpAfterTheLimit) {
  const auto answer = Begin("POST", "/api/sandbox", R"({"name":"a"})");
  EXPECT_EQ(Post("/api/sandbox/a/stop").Message(), "Sandbox state change in progress");
  // Forced out of its transition, it is answered at once.
  world_.sandboxes.Force(**world_.sandboxes.Get("a"), Json{{"state", "restoring"}});
  time_.Advance(options_.hold_limit - 1ms);
  EXPECT_FALSE(answer->finished);
  time_.Advance(1ms);
  EXPECT_EQ(answer->Status(), 200);
}

TEST_F(SandboxRoutes, AFailedCreateLeavesTheSandboxInError) {
  const auto answer = Begin("POST", "/api/sandbox", R"({"name":"g3","env":{"FAKE_FAIL":"create"}})");
  time_.Advance(1s);
  EXPECT_EQ(answer->Status(), 400);
  EXPECT_EQ(answer->Message(),
            "Sandbox failed to start: failed to create sandbox: fake failure asked for by FAKE_FAIL");
  EXPECT_EQ(StateOf("g3"), "error");
  EXPECT_EQ(Post("/api/sandbox/g3/start").Message(), "Sandbox is in an errored state");
  const Json deleted = Send("DELETE", "/api/sandbox/g3").Parsed();
  EXPECT_EQ(deleted["state"], "error");
  EXPECT_EQ(deleted["desiredState"], "destroyed");
  EXPECT_EQ(Get("/api/sandbox/" + deleted["id"].get<std::string>()).Status(), 404);
}

TEST_F(SandboxRoutes, StopAndStart) {
  const std::string id = StartedSandbox();
  EXPECT_EQ(Post("/api/sandbox/" + id + "/start").Status(), 200);
  const AnswerBytes stopping = Post("/api/sandbox/" + id + "/stop?force=false");
  EXPECT_EQ(stopping.Parsed()["state"], "stopping");
  EXPECT_FALSE(stopping.Parsed().contains("lastActivityAt"));
  EXPECT_TRUE(stopping.HasHeader("X-RateLimit-Remaining-sandbox-lifecycle: 9998"));
  EXPECT_EQ(Post("/api/sandbox/" + id + "/start").Status(), 409);
  EXPECT_EQ(Send("DELETE", "/api/sandbox/" + id).Message(), "Sandbox state change in progress");
  time_.Advance(options_.delays.stop);
  EXPECT_EQ(StateOf(id), "stopped");
  EXPECT_EQ(Post("/api/sandbox/" + id + "/stop").Message(), "Sandbox is not in a stoppable state");
  const auto starting = Begin("POST", "/api/sandbox/" + id + "/start");
  EXPECT_FALSE(starting->finished);
  time_.Advance(options_.delays.start);
  EXPECT_EQ(starting->Parsed()["state"], "started");
}

TEST_F(SandboxRoutes, DeleteFreesTheNameAtOnce) {
  const std::string id = StartedSandbox(R"({"name":"a"})");
  const Json deleted = Send("DELETE", "/api/sandbox/a").Parsed();
  EXPECT_EQ(deleted["state"], "destroying");
  EXPECT_THAT(deleted["name"].get<std::string>(), StartsWith("DESTROYED_a_"));
  EXPECT_EQ(StateOf("a"), "Sandbox with ID or name a not found");
  EXPECT_EQ(StateOf(id), "destroying");
  time_.Advance(options_.delays.destroy);
  EXPECT_EQ(Get("/api/sandbox/" + id).Status(), 404);
}

TEST_F(SandboxRoutes, ANameIsNotFoundForAWhileAfterADeleteByIt) {
  StartedSandbox(R"({"name":"n"})");
  Send("DELETE", "/api/sandbox/n");
  const std::string id = StartedSandbox(R"({"name":"n"})");
  EXPECT_EQ(StateOf("n"), "Sandbox with ID or name n not found");
  for (const char* call : {"start", "stop", "last-activity", "autostop/1"}) {
    EXPECT_EQ(Post(absl::StrCat("/api/sandbox/n/", AbslView(call))).Message(), "Sandbox with ID or name n not found")
        << call;
  }
  EXPECT_EQ(Send("DELETE", "/api/sandbox/n").Status(), 404);
  EXPECT_EQ(StateOf(id), "started");
  EXPECT_EQ(Post("/api/sandbox", R"({"name":"n"})").Message(), "Sandbox with name n already exists");
  time_.Advance(10s);
  EXPECT_EQ(StateOf("n"), "started") << "and looking at it did not make it longer";
}

TEST_F(SandboxRoutes, ANameIsFoundAtOnceAfterADeleteByIdOrAFailedGet) {
  EXPECT_EQ(Get("/api/sandbox/n").Status(), 404);
  const std::string id = StartedSandbox(R"({"name":"n"})");
  EXPECT_EQ(StateOf("n"), "started");
  Send("DELETE", "/api/sandbox/" + id);
  EXPECT_EQ(Get("/api/sandbox/n").Status(), 404);
  StartedSandbox(R"({"name":"n"})");
  EXPECT_EQ(StateOf("n"), "started");
}

TEST_F(SandboxRoutes, AnIdTakesPrecedenceOverAnEqualName) {
  const std::string id = StartedSandbox(R"({"name":"a"})");
  const std::string other = StartedSandbox(R"({"name":")" + id + R"("})");
  EXPECT_EQ(Get("/api/sandbox/" + id).Parsed()["name"], "a");
  Send("DELETE", "/api/sandbox/" + id);
  time_.Advance(1s);
  EXPECT_EQ(Get("/api/sandbox/" + id).Parsed()["id"], other);
}

TEST_F(SandboxRoutes, StoppingAnEphemeralOneDestroysIt) {
  const std::string id = StartedSandbox(R"({"autoDeleteInterval":0})");
  EXPECT_EQ(Post("/api/sandbox/" + id + "/stop").Parsed()["state"], "destroying");
  time_.Advance(options_.delays.destroy);
  EXPECT_EQ(Get("/api/sandbox/" + id).Status(), 404);
}

TEST_F(SandboxRoutes, ABuildGoesThroughItsStatesAndIsNotRepeated) {
  const std::string request = R"({"buildInfo":{"dockerfileContent":"FROM debian:12.9\n"},"cpu":2})";
  const AnswerBytes answer = Post("/api/sandbox", request);
  ASSERT_EQ(answer.Status(), 200);
  EXPECT_EQ(answer.Parsed()["state"], "pending_build");
  EXPECT_FALSE(answer.Parsed().contains("snapshot"));
  EXPECT_FALSE(answer.Parsed().contains("runnerId"));
  const std::string id = answer.Parsed()["id"];
  EXPECT_FALSE(Get("/api/sandbox/" + id).Parsed().contains("runnerId"));
  time_.Advance(options_.delays.queue);
  const Json building = Get("/api/sandbox/" + id).Parsed();
  EXPECT_EQ(building["state"], "building_snapshot");
  EXPECT_TRUE(building["snapshot"].is_null());
  EXPECT_TRUE(building["runnerId"].is_string());
  time_.Advance(options_.delays.build);
  EXPECT_EQ(StateOf(id), "started");
  const AnswerBytes again = Post("/api/sandbox", request);
  EXPECT_EQ(again.Parsed()["state"], "creating");
  time_.Advance(options_.delays.create);
  EXPECT_EQ(StateOf(again.Parsed()["id"]), "started");
}

TEST_F(SandboxRoutes, AFailedBuildSaysWhy) {
  const std::string id =
      Post("/api/sandbox", R"({"buildInfo":{"dockerfileContent":"FROM debian:12\nRUN false\n"}})").Parsed()["id"];
  time_.Advance(10s);
  const Json sandbox = Get("/api/sandbox/" + id).Parsed();
  EXPECT_EQ(sandbox["state"], "build_failed");
  EXPECT_EQ(sandbox["errorReason"],
            "failed to build image: The command '/bin/sh -c false' returned a non-zero code: 1");
}

TEST_F(SandboxRoutes, ABuildWhoseContextWasNeverUploadedFails) {
  const std::string request = R"({"buildInfo":{"dockerfileContent":"FROM a:1\nCOPY a /a\n","contextHashes":["h1"]}})";
  const AnswerBytes created = Post("/api/sandbox", request);
  EXPECT_EQ(created.Status(), 200);
  time_.Advance(options_.delays.queue + options_.delays.build);
  const Json sandbox = Get("/api/sandbox/" + created.Parsed()["id"].get<std::string>()).Parsed();
  EXPECT_EQ(sandbox["state"], "build_failed");
  EXPECT_EQ(sandbox["errorReason"], "failed to build image: build context h1 was not found in object storage");
}

TEST_F(SandboxRoutes, ASandboxWhoseBuildIsPendingCanBeDeletedAndShowsItsStateUntilItIsGone) {
  const std::string id = Post("/api/sandbox", R"({"buildInfo":{"dockerfileContent":"FROM a:1\n"}})").Parsed()["id"];
  const AnswerBytes deleted = Send("DELETE", "/api/sandbox/" + id);
  EXPECT_EQ(deleted.Status(), 200);
  EXPECT_EQ(deleted.Parsed()["state"], "pending_build");
  EXPECT_EQ(deleted.Parsed()["desiredState"], "destroyed");
  time_.Advance(10s);
  EXPECT_EQ(Get("/api/sandbox/" + id).Status(), 404);
}

TEST_F(SandboxRoutes, ASandboxThatIsBeingBuiltCannotBeDeleted) {
  const std::string id = Post("/api/sandbox", R"({"buildInfo":{"dockerfileContent":"FROM a:1\n"}})").Parsed()["id"];
  time_.Advance(options_.delays.queue);
  EXPECT_EQ(StateOf(id), "building_snapshot");
  const AnswerBytes refused = Send("DELETE", "/api/sandbox/" + id);
  EXPECT_EQ(refused.Status(), 409);
  EXPECT_EQ(refused.Message(), "Sandbox state change in progress");
}

class SlowlyAcceptingApi : public ApiFixture {
 protected:
  SlowlyAcceptingApi() : ApiFixture(Accepting(20ms)) {}
  static std::string Request(const std::string& name, const std::string& dockerfile = "FROM a:1\\n") {
    return absl::StrCat(R"({"name":")", AbslView(name), R"(","buildInfo":{"dockerfileContent":")", AbslView(dockerfile),
                        R"("}})");
  }
};

TEST_F(SlowlyAcceptingApi, CreatesFromTheSameNewDockerfileCollideWhileTheFirstIsAccepted) {
  const auto first = Begin("POST", "/api/sandbox", Request("p0"));
  EXPECT_FALSE(first->finished);
  for (int again = 0; again < 2; ++again) {
    const AnswerBytes refused = Post("/api/sandbox", Request("p1"));
    EXPECT_EQ(refused.Status(), 409);
    EXPECT_EQ(refused.Message(), "Sandbox with name p1 already exists");
  }
  EXPECT_EQ(Post("/api/sandbox", R"({"buildInfo":{"dockerfileContent":"FROM a:1\n"}})").Message(),
            "Sandbox with name undefined already exists");
  EXPECT_EQ(Get("/api/sandbox/p1").Status(), 404) << "there is none";
  const auto other = Begin("POST", "/api/sandbox", Request("q", "FROM b:1\\n"));
  time_.Advance(20ms);
  EXPECT_EQ(first->Status(), 200);
  EXPECT_EQ(other->Status(), 200) << "from another Dockerfile";
  EXPECT_EQ(Post("/api/sandbox", Request("p1")).Status(), 200) << "the same, a moment later";
}

TEST_F(SandboxRoutes, SettingsAreAnsweredAsTheServerDoes) {
  const std::string base = "/api/sandbox/" + StartedSandbox();
  EXPECT_EQ(Send("PUT", base + "/labels", R"({"labels":{"a":"b"}})").Parsed()["labels"], (Json{{"a", "b"}}));
  EXPECT_EQ(Send("PUT", base + "/labels", R"({"labels":{}})").Parsed()["labels"], Json::object());
  EXPECT_EQ(Post(base + "/autostop/30").Status(), 201);
  EXPECT_EQ(Post(base + "/autostop/-1").Message(), "Auto-stop interval must be non-negative");
  EXPECT_EQ(Post(base + "/autostop/x").Status(), 500);
  EXPECT_EQ(Post(base + "/autostop/x").Message(), "An unexpected error occurred.");
  EXPECT_EQ(Post(base + "/autoarchive/0").Parsed()["autoArchiveInterval"], 43200);
  EXPECT_EQ(Post(base + "/autodelete/-1").Parsed()["autoDeleteInterval"], -1);
  EXPECT_EQ(Post(base + "/public/true").Parsed()["public"], true);
  EXPECT_EQ(Post(base + "/public/maybe").Parsed()["public"], false);
  EXPECT_EQ(Post(base + "/ttl/5").Status(), 201);
  EXPECT_EQ(Post(base + "/last-activity").Status(), 201);
  EXPECT_EQ(Get(base + "/ports/0/preview-url").Message(), "Invalid port");
  EXPECT_THAT(Get(base + "/ports/3000/preview-url").Parsed()["url"].get<std::string>(), StartsWith("http://3000-"));
  EXPECT_EQ(Post(base + "/pause").Status(), 422);
  EXPECT_EQ(Post(base + "/fork", R"({"name":"f"})").Message(), "Forking is not supported for this sandbox");
  EXPECT_EQ(Get(base + "/forks").Body(), "[]");
  EXPECT_EQ(Get(base + "/parent").Message(), "Parent sandbox not found for sandbox " + base.substr(13));
  EXPECT_EQ(Get("/api/sandbox/" + base.substr(13)).Parsed()["autoStopInterval"], 30);
}

TEST_F(SandboxRoutes, NetworkSettingsKeepItBusyForAMoment) {
  const std::string settings = "/api/sandbox/" + StartedSandbox() + "/network-settings";
  EXPECT_EQ(Post(settings, R"({"networkBlockAll":true})").Status(), 200);
  const AnswerBytes busy = Post(settings, R"({"networkAllowList":"10.0.0.0/8"})");
  EXPECT_EQ(busy.Status(), 409);
  EXPECT_EQ(busy.Message(), "An operation is already in progress for this resource");
  time_.Advance(options_.delays.network);
  EXPECT_EQ(Post(settings, R"({"networkAllowList":"10.0.0.0/8"})").Parsed()["networkAllowList"], "10.0.0.0/8");
}

TEST_F(SandboxRoutes, SignedPreviewsLastADayAtMost) {
  const std::string port = "/api/sandbox/" + StartedSandbox() + "/ports/3000/signed-preview-url";
  const Json made = Get(port + "?expiresInSeconds=120").Parsed();
  EXPECT_EQ(made["port"], 3000);
  EXPECT_THAT(made["url"].get<std::string>(), StartsWith("http://3000-" + made["token"].get<std::string>()));
  for (const char* seconds : {"0", "86401", "x"}) {
    EXPECT_EQ(Get(absl::StrCat(port, "?expiresInSeconds=", AbslView(seconds))).Message(),
              "expiresInSeconds must be between 1 second and 24 hours");
  }
  EXPECT_EQ(Post(absl::StrCat(port, "/", made["token"].get<std::string>(), "/expire")).Status(), 201);
}

TEST_F(SandboxRoutes, NamesAreNotNormalized) {
  const std::string upper = StartedSandbox(R"({"name":"A.b_c-1"})");
  EXPECT_EQ(Get("/api/sandbox/a.b_c-1").Status(), 404);
  EXPECT_EQ(Get("/api/sandbox/A.b_c-1").Parsed()["id"], upper);
  const std::string slash = StartedSandbox(R"({"name":"a/b"})");
  EXPECT_EQ(Get("/api/sandbox/a%2Fb").Parsed()["id"], slash);
  EXPECT_EQ(Post("/api/sandbox/a%2Fb/stop").Parsed()["id"], slash);
}

TEST_F(SandboxRoutes, ArchiveNeedsAStoppedSandboxAndStartBringsItBack) {
  const std::string base = "/api/sandbox/" + StartedSandbox(R"({"name":"a"})");
  EXPECT_EQ(Post(base + "/archive").Message(), "Sandbox is not stopped");
  Post(base + "/stop");
  time_.Advance(options_.delays.stop);
  EXPECT_EQ(Post(base + "/archive").Parsed()["state"], "archiving");
  time_.Advance(options_.delays.archive);
  EXPECT_EQ(StateOf("a"), "archived");
  const auto answer = Begin("POST", base + "/start");
  EXPECT_EQ(StateOf("a"), "restoring");
  time_.Advance(options_.delays.start);
  EXPECT_EQ(answer->Parsed()["state"], "started");
}

TEST_F(SandboxRoutes, OnlyARecoverableErrorCanBeRecovered) {
  const std::string base = "/api/sandbox/" + StartedSandbox(R"({"name":"a"})");
  EXPECT_EQ(Post(base + "/recover").Message(), "Sandbox is not in a recoverable state");
  const Json broken = {{"state", "error"}, {"errorReason", "disk"}, {"recoverable", true}};
  world_.sandboxes.Force(**world_.sandboxes.Get("a"), broken);
  EXPECT_EQ(Post(base + "/recover").Status(), 200);
  time_.Advance(options_.delays.start);
  EXPECT_EQ(StateOf("a"), "started");
}

struct Refusal {
  const char* request;
  int status;
  const char* message;
};

// Requests and texts as observed on the real server.
const std::vector<Refusal>& Refusals() {
  static const std::vector<Refusal> kRefusals = {
      {R"({"name":"taken"})", 409, "Sandbox with name taken already exists"},
      {R"({"snapshot":"nope"})", 400, "Snapshot nope not found. Did you add it through the Daytona Dashboard?"},
      {R"({"cpu":2,"memory":4})", 400, "Cannot specify Sandbox resources when using a snapshot"},
      {R"({"buildInfo":{"dockerfileContent":"FROM debian:12\n"},"cpu":400,"memory":1,"disk":3})", 400,
       "CPU request 400 exceeds maximum allowed per sandbox (4).\nNeed higher resource limits per-sandbox? "
       "Contact us at support@daytona.io and let us know about your use case."},
      {R"({"target":"mars"})", 404, "Region not found"},
      {R"({"name":5,"autoStopInterval":"x","labels":{"a":1}})", 400,
       "name must not contain HTML tags, URLs, or control characters, name must be a string, autoStopInterval "
       "must be a number conforming to the specified constraints"},
      {R"({"linkedSandbox":"taken"})", 400, "Linked sandboxes must be ephemeral (set autoDeleteInterval to 0)"},
      {R"({"name":"a\nb"})", 400, "name must not contain HTML tags, URLs, or control characters"},
      {R"({"networkAllowList":"10.0.0.0"})", 400,
       "Invalid network format: \"10.0.0.0\". Missing CIDR prefix length (e.g., /24)"},
      {R"({"autoStopInterval":-1})", 400, "Auto-stop interval must be non-negative"},
      {R"({"volumes":[{"volumeId":"nope","mountPath":"/a"}]})", 404, "Volume 'nope' not found"},
      {R"({"snapshot":"a","buildInfo":{"dockerfileContent":"FROM a:1"}})", 400,
       "Cannot specify a snapshot when using a build info entry"}};
  return kRefusals;
}

TEST_F(SandboxRoutes, RefusesCreatesWithTheServersMessages) {
  StartedSandbox(R"({"name":"taken"})");
  for (const Refusal& refusal : Refusals()) {
    SCOPED_TRACE(refusal.request);
    const AnswerBytes answer = Post("/api/sandbox", refusal.request);
    EXPECT_EQ(answer.Status(), refusal.status);
    EXPECT_EQ(answer.Message(), refusal.message);
  }
}

}  // namespace
}  // namespace daytonad::emulator
