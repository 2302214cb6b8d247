// Creating sandboxes: sources, what reaches upstream, waiting, failures, and the progress stream.
#include <algorithm>
#include <future>
#include <string>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

using CreateSandboxTest = SandboxesTest;
using SlowCreateSandboxTest = SlowSandboxesTest;

// A server that knows every field.
class NewServerCreateTest : public CreateSandboxTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(emulator::ApiVersion::k0_226); }
};

TEST_F(CreateSandboxTest, AnEmptySpecGivesAStartedPythonSandbox) {
  const auto created = Create("");
  ASSERT_EQ(Outcome(created.error), "OK");
  const v1::Sandbox& sandbox = created.value.sandbox();
  EXPECT_EQ(sandbox.state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(sandbox.state_text(), "started");
  EXPECT_EQ(sandbox.view(), v1::VIEW_FULL);
  EXPECT_THAT(sandbox.name(), MatchesRegex("daytonad-[0-9a-f]+"));
  EXPECT_EQ(sandbox.name().size(), sizeof("daytonad-") - 1 + 32);
  EXPECT_EQ(sandbox.labels().at("code-toolbox-language"), "python");
  EXPECT_EQ(sandbox.auto_stop_minutes(), 15);
  EXPECT_FALSE(sandbox.snapshot().empty());
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 1);
}

TEST_F(CreateSandboxTest, ComesFromTheNamedSnapshot) {
  const v1::Snapshot snapshot = MakeSnapshot("team/base:1");
  for (const std::string& reference : {snapshot.name(), snapshot.id()}) {
    const auto created = Create("spec { snapshot: '" + reference + "' }");
    ASSERT_EQ(Outcome(created.error), "OK");
    EXPECT_EQ(created.value.sandbox().snapshot(), "team/base:1");
    EXPECT_FALSE(created.value.sandbox().has_build_info());
  }
}

TEST_F(CreateSandboxTest, AnUnusableSnapshotIsReported) {
  EXPECT_EQ(Outcome(Create("spec { snapshot: 'nope' }").error), "NOT_FOUND SNAPSHOT_NOT_FOUND");
  const v1::Snapshot snapshot = MakeSnapshot("old");
  control().ForceSnapshot(snapshot.id(), {{"state", "inactive"}});
  EXPECT_EQ(Outcome(Create("spec { snapshot: 'old' }").error), "FAILED_PRECONDITION SNAPSHOT_NOT_ACTIVE");
  EXPECT_EQ(Outcome(Create("spec { target: 'mars' }").error), "NOT_FOUND REGION_NOT_FOUND");
}

TEST_F(CreateSandboxTest, AnImageBecomesAOneLineDockerfile) {
  for (const std::string spec : {"image: 'debian:12'", "declarative_image { base_image: 'debian:12' }"}) {
    const auto created = Create("spec { " + spec + " }");
    ASSERT_EQ(Outcome(created.error), "OK");
    EXPECT_EQ(created.value.sandbox().build_info().dockerfile_content(), "FROM debian:12\n");
    EXPECT_TRUE(created.value.sandbox().snapshot().empty());
  }
}

TEST_F(CreateSandboxTest, ADockerfileIsBuiltAsItIs) {
  const std::string dockerfile = R"(FROM debian:12\n# a comment\nRUN echo \"hello\"\n)";
  for (const std::string& spec :
       {"dockerfile: '" + dockerfile + "'", "declarative_image { dockerfile { content: '" + dockerfile + "' } }"}) {
    const auto created = Create("spec { " + spec + " }");
    ASSERT_EQ(Outcome(created.error), "OK");
    EXPECT_EQ(created.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
    EXPECT_EQ(created.value.sandbox().build_info().dockerfile_content(),
              "FROM debian:12\n# a comment\nRUN echo \"hello\"\n");
  }
}

TEST_F(NewServerCreateTest, EveryFieldOfTheSpecReachesUpstream) {
  MakeVolume("data");
  control().ResetRequests();
  const auto created = Create(R"(
      spec {
        name: "whole" language: CODE_LANGUAGE_TYPESCRIPT image: "debian:12"
        resources { cpu: 2 memory_gib: 4 disk_gib: 8 gpu: 1 gpu_types: [GPU_TYPE_RTX_4090, GPU_TYPE_H100] }
        user: "me" env { key: "A" value: "1\n2" } labels { key: "team" value: "blue" } is_public: true target: "eu"
        auto_stop_minutes: 0 auto_archive_minutes: 60 auto_delete_minutes: 7 ttl_minutes: 90 ephemeral: true
        volumes { volume: "data" mount_path: "/data" subpath: "a/b" }
        secrets { key: "TOKEN" value: "my-secret" }
        network_block_all: false network_allow_list: ["10.0.0.0/8", "1.2.3.4/32"] domain_allow_list: "*.example.com"
        outbound_proxy_url: "http://proxy.example" otel_endpoint_override: "http://otel.example" spot: true
      })");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(BodyOf("POST", "/api/sandbox"), nlohmann::json::parse(R"({
      "name": "whole", "user": "me", "env": {"A": "1\n2"},
      "labels": {"team": "blue", "code-toolbox-language": "typescript"}, "public": true,
      "networkBlockAll": false, "networkAllowList": "10.0.0.0/8,1.2.3.4/32", "domainAllowList": "*.example.com",
      "outboundProxyUrl": "http://proxy.example", "otelEndpointOverride": "http://otel.example", "target": "eu",
      "cpu": 2, "memory": 4, "disk": 8, "gpu": 1, "gpuType": ["RTX-4090", "H100"], "spot": true,
      "autoStopInterval": 0, "autoArchiveInterval": 60, "autoDeleteInterval": 0, "ttlMinutes": 90,
      "volumes": [{"volumeId": "data", "mountPath": "/data", "subpath": "a/b"}],
      "buildInfo": {"dockerfileContent": "FROM debian:12\n"}, "secrets": [{"TOKEN": "my-secret"}]})"));

  const v1::Sandbox& sandbox = created.value.sandbox();
  EXPECT_EQ(sandbox.name(), "whole");
  EXPECT_EQ(sandbox.user(), "me");
  EXPECT_EQ(sandbox.env().at("A"), "1\n2");
  EXPECT_EQ(sandbox.labels().at("team"), "blue");
  EXPECT_TRUE(sandbox.is_public());
  EXPECT_EQ(sandbox.target(), "eu");
  EXPECT_EQ(sandbox.cpu(), 2);
  EXPECT_EQ(sandbox.memory_gib(), 4);
  EXPECT_EQ(sandbox.disk_gib(), 8);
  EXPECT_EQ(sandbox.gpu_type(), v1::GPU_TYPE_RTX_4090);
  EXPECT_EQ(sandbox.auto_stop_minutes(), 0);
  EXPECT_EQ(sandbox.auto_delete_minutes(), 0);
  EXPECT_TRUE(sandbox.has_auto_destroy_at());
  EXPECT_THAT(sandbox.network_allow_list(), ElementsAre("10.0.0.0/8", "1.2.3.4/32"));
  EXPECT_TRUE(sandbox.spot());
  ASSERT_EQ(created.value.warnings_size(), 1);
  EXPECT_EQ(created.value.warnings(0).reason(), "AUTO_DELETE_OVERRIDDEN");
}

TEST_F(CreateSandboxTest, FieldsNotGivenAreNotSent) {
  MakeSandbox(Parse<v1::SandboxSpec>("name: 'box'"));
  EXPECT_EQ(BodyOf("POST", "/api/sandbox"), nlohmann::json::parse(R"({
      "name": "box", "env": {}, "labels": {"code-toolbox-language": "python"}, "volumes": []})"));
}

TEST_F(CreateSandboxTest, MountsVolumesByNameAndById) {
  const v1::Volume data = MakeVolume("data");
  const auto created = Create(R"(spec { volumes { volume: "data" mount_path: "/data" subpath: "a" }
                                        volumes { volume: ")" +
                              data.id() + R"(" mount_path: "/b" } })");
  ASSERT_EQ(Outcome(created.error), "OK");
  ASSERT_EQ(created.value.sandbox().volumes_size(), 2);
  EXPECT_EQ(created.value.sandbox().volumes(0).volume(), data.id());
  EXPECT_EQ(created.value.sandbox().volumes(0).mount_path(), "/data");
  EXPECT_EQ(created.value.sandbox().volumes(0).subpath(), "a");
  EXPECT_EQ(created.value.sandbox().volumes(1).volume(), data.id());
  EXPECT_EQ(Outcome(Create("spec { volumes { volume: 'nope' mount_path: '/x' } }").error),
            "NOT_FOUND VOLUME_NOT_FOUND");
}

TEST_F(CreateSandboxTest, ANameCanBeTakenOnlyOnce) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  const auto again = Create("spec { name: 'box' }");
  EXPECT_EQ(Outcome(again.error), "ALREADY_EXISTS NAME_TAKEN");
  EXPECT_EQ(again.error->metadata.at("sandbox_name"), "box");
}

TEST_F(SlowCreateSandboxTest, WithoutWaitingTheAnswerComesAtOnce) {
  const auto created = Create("spec { name: 'box' } wait: false");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.value.sandbox().state(), v1::SANDBOX_STATE_CREATING);
  EXPECT_EQ(control().CountRequests("GET", "/api/sandbox"), 0);
}

TEST_F(SlowCreateSandboxTest, ACreateThatRunsOutOfTimeNamesTheSandboxThatStays) {
  for (const std::string source : {"", "dockerfile: 'FROM debian:12'"}) {
    const auto created = Create("spec { " + source + " } timeout { nanos: 200000000 }");
    ASSERT_EQ(Outcome(created.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
    const auto got = Get(created.error->metadata.at("sandbox_id"));
    ASSERT_EQ(Outcome(got.error), "OK");
    EXPECT_EQ(got.value.sandbox().state_text(), created.error->metadata.at("sandbox_state"));
  }
}

TEST_F(CreateSandboxTest, AFailedCreateTellsTheReasonAndLeavesTheSandbox) {
  const auto created = Create("spec { name: 'box' env { key: 'FAKE_FAIL' value: 'create' } }");
  ASSERT_EQ(Outcome(created.error), "FAILED_PRECONDITION SANDBOX_FAILED");
  EXPECT_THAT(created.error->message, HasSubstr("failed to create sandbox"));
  EXPECT_EQ(created.error->metadata.at("sandbox_name"), "box");
  const auto got = Get("box");
  EXPECT_EQ(got.value.sandbox().state(), v1::SANDBOX_STATE_ERROR);
  EXPECT_THAT(got.value.sandbox().error_reason(), HasSubstr("failed to create sandbox"));
}

TEST_F(CreateSandboxTest, AFailedBuildTellsTheReasonAndLeavesTheSandbox) {
  const auto created = Create(R"(spec { dockerfile: "FROM debian:12\nRUN exit 3\n" })");
  ASSERT_EQ(Outcome(created.error), "FAILED_PRECONDITION SANDBOX_FAILED");
  EXPECT_THAT(created.error->message, HasSubstr("returned a non-zero code: 3"));
  EXPECT_EQ(created.error->metadata.at("sandbox_state"), "build_failed");
  const auto got = Get(created.error->metadata.at("sandbox_id"));
  EXPECT_EQ(got.value.sandbox().state(), v1::SANDBOX_STATE_BUILD_FAILED);
}

TEST_F(SlowCreateSandboxTest, AFailureSeenWhileWaitingNamesTheSandbox) {
  auto creating = std::async(std::launch::async, [&] { return Create("spec { name: 'box' }"); });
  ASSERT_TRUE(Eventually([&] { return control().CountRequests("GET", "/api/sandbox/") > 0; }));
  control().ForceSandbox("box", {{"state", "error"}, {"errorReason", "the disk is full"}});
  const auto created = creating.get();
  ASSERT_EQ(Outcome(created.error), "FAILED_PRECONDITION SANDBOX_FAILED");
  EXPECT_THAT(created.error->message, HasSubstr("the disk is full"));
  EXPECT_EQ(created.error->metadata.at("sandbox_name"), "box");
  EXPECT_EQ(created.error->metadata.at("sandbox_state"), "error");
}

TEST_F(CreateSandboxTest, TheStreamTellsStatesAndLogAndThenTheResult) {
  const auto streamed = CreateStream(R"(spec { dockerfile: "FROM debian:12\nRUN echo hello\n" })");
  ASSERT_EQ(Outcome(streamed.error), "OK");
  std::string log;
  std::vector<std::string> states;
  for (const v1::CreateSandboxStreamResponse& message : streamed.messages) {
    EXPECT_FALSE(message.has_warning()) << message.ShortDebugString();
    if (message.has_sandbox()) states.push_back(message.sandbox().state_text());
    if (!message.has_log()) continue;
    EXPECT_EQ(message.log().offset(), log.size());
    log += message.log().data();
  }
  EXPECT_THAT(
      log, AllOf(StartsWith("Step 1/2 : FROM debian:12\n"), HasSubstr("\nhello\n"), HasSubstr("Successfully built")));
  EXPECT_EQ(states.front(), "pending_build");
  EXPECT_EQ(std::ranges::adjacent_find(states), states.end()) << "a state is told once";
  ASSERT_TRUE(streamed.messages.back().has_result());
  EXPECT_EQ(streamed.messages.back().result().state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(std::ranges::count_if(streamed.messages, [](const auto& message) { return message.has_result(); }), 1);
}

TEST_F(CreateSandboxTest, AStreamWithoutABuildHasNoLog) {
  const auto streamed = CreateStream("spec { ephemeral: true auto_delete_minutes: 5 }");
  ASSERT_EQ(Outcome(streamed.error), "OK");
  EXPECT_EQ(streamed.messages.front().warning().reason(), "AUTO_DELETE_OVERRIDDEN");
  EXPECT_EQ(streamed.messages.back().result().state(), v1::SANDBOX_STATE_STARTED);
  for (const auto& message : streamed.messages) EXPECT_FALSE(message.has_log());
  EXPECT_EQ(control().CountRequests("GET", "build-logs"), 0);
}

TEST_F(CreateSandboxTest, AStreamOfAFailedBuildHasTheWholeLogAndTheReason) {
  const auto streamed = CreateStream(R"(spec { dockerfile: "FROM debian:12\nRUN exit 3\n" })");
  ASSERT_EQ(Outcome(streamed.error), "FAILED_PRECONDITION SANDBOX_FAILED");
  EXPECT_THAT(streamed.error->message, HasSubstr("returned a non-zero code: 3"));
  std::string log;
  for (const auto& message : streamed.messages) log += message.log().data();
  EXPECT_THAT(log, EndsWith("returned a non-zero code: 3\n"));
  EXPECT_TRUE(Eventually([&] { return control().streams() == 0; }));
}

}  // namespace
}  // namespace daytonad::testing
