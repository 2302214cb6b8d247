// Snapshots as a caller sees them: creating, reading, listing, activating and deleting.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Stub = v1::SnapshotService::Stub;

class SnapshotsTest : public IntegrationTest {
 protected:
  client::Result<v1::CreateSnapshotResponse> Create(const std::string& request) {
    return Call(snapshots(), &Stub::CreateSnapshot, Parse<v1::CreateSnapshotRequest>(request));
  }
  Streamed<v1::CreateSnapshotStreamResponse> CreateStream(const std::string& request) {
    return ReadAll(snapshots(), &Stub::CreateSnapshotStream, Parse<v1::CreateSnapshotStreamRequest>(request));
  }
  client::Result<v1::GetSnapshotResponse> Get(const std::string& id_or_name) {
    v1::GetSnapshotRequest request;
    request.set_snapshot(id_or_name);
    return Call(snapshots(), &Stub::GetSnapshot, request);
  }
  client::Result<v1::ListSnapshotsResponse> List(const std::string& request) {
    return Call(snapshots(), &Stub::ListSnapshots, Parse<v1::ListSnapshotsRequest>(request));
  }
  std::vector<std::string> Names(const std::string& request) {
    std::vector<std::string> names;
    const auto listed = List(request);
    EXPECT_EQ(Outcome(listed.error), "OK") << request;
    for (const v1::Snapshot& snapshot : listed.value.snapshots()) names.push_back(snapshot.name());
    return names;
  }
  client::Result<v1::DeleteSnapshotResponse> Delete(const std::string& id_or_name, bool wait = false) {
    v1::DeleteSnapshotRequest request;
    request.set_snapshot(id_or_name);
    request.set_wait(wait);
    return Call(snapshots(), &Stub::DeleteSnapshot, request);
  }

  nlohmann::json CreateBody() {
    for (const nlohmann::json& request : control().Requests()) {
      if (request.at("method") == "POST" && request.at("path") == "/api/snapshots") return request.at("body");
    }
    return {};
  }
};

// Snapshots never leave their transitional states.
class SlowSnapshotsTest : public SnapshotsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.delays.pull = options.delays.build = options.delays.remove = std::chrono::hours(1);
    return options;
  }
};

TEST_F(SnapshotsTest, AnImageIsPulledAndHasNoLog) {
  const auto streamed = CreateStream("spec { name: 'py' image: 'python:3.12-slim' entrypoint: ['sleep', '1'] }");
  ASSERT_EQ(Outcome(streamed.error), "OK");
  for (const auto& message : streamed.messages) EXPECT_FALSE(message.has_log() || message.has_warning());
  EXPECT_EQ(streamed.messages.front().snapshot().state(), v1::SNAPSHOT_STATE_PENDING);
  const v1::Snapshot& snapshot = streamed.messages.back().result();
  EXPECT_EQ(snapshot.state(), v1::SNAPSHOT_STATE_ACTIVE);
  EXPECT_EQ(snapshot.view(), v1::VIEW_FULL);
  EXPECT_EQ(snapshot.image_name(), "python:3.12-slim");
  EXPECT_FALSE(snapshot.has_build_info());
  EXPECT_THAT(snapshot.entrypoint(), ElementsAre("sleep", "1"));
  EXPECT_EQ(control().CountRequests("GET", "build-logs"), 0);
  EXPECT_EQ(CreateBody(),
            nlohmann::json::parse(R"({"name": "py", "imageName": "python:3.12-slim", "entrypoint": ["sleep", "1"]})"));
}

TEST_F(SnapshotsTest, ADockerfileIsBuiltAndItsLogStreamed) {
  const auto streamed = CreateStream(R"(spec { name: "app" dockerfile: "FROM debian:12\nRUN echo hello"
                                               entrypoint: ["/bin/app", "say \"hi\""] })");
  ASSERT_EQ(Outcome(streamed.error), "OK");
  std::string log;
  std::vector<std::string> states;
  for (const auto& message : streamed.messages) {
    EXPECT_FALSE(message.has_warning()) << message.ShortDebugString();
    if (message.has_snapshot()) states.push_back(message.snapshot().state_text());
    if (!message.has_log()) continue;
    EXPECT_EQ(message.log().offset(), static_cast<int64_t>(log.size()));
    log += message.log().data();
  }
  EXPECT_EQ(states.front(), "pending");
  EXPECT_EQ(std::ranges::adjacent_find(states), states.end()) << "a state is told once";
  EXPECT_THAT(log, HasSubstr("\nhello\n"));
  EXPECT_THAT(log, HasSubstr("Successfully built"));
  const v1::Snapshot& snapshot = streamed.messages.back().result();
  EXPECT_EQ(snapshot.state(), v1::SNAPSHOT_STATE_ACTIVE);
  EXPECT_EQ(snapshot.build_info().dockerfile_content(),
            "FROM debian:12\nRUN echo hello\nENTRYPOINT [\"/bin/app\", \"say \\\"hi\\\"\"]\n");
  EXPECT_THAT(snapshot.entrypoint(), ElementsAre("/bin/app", "say \"hi\""));
}

TEST_F(SnapshotsTest, EveryFieldOfTheSpecReachesUpstream) {
  const auto created = Create(R"(spec { name: "big" declarative_image { dockerfile { content: "FROM debian:12\n" } }
      resources { cpu: 2 memory_gib: 4 disk_gib: 8 gpu: 1 gpu_types: GPU_TYPE_H100 }
      region_id: "eu" sandbox_class: SANDBOX_CLASS_CONTAINER })");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(CreateBody(), nlohmann::json::parse(R"({
      "name": "big", "cpu": 2, "memory": 4, "disk": 8, "gpu": 1, "gpuType": ["H100"], "regionId": "eu",
      "sandboxClass": "container", "buildInfo": {"dockerfileContent": "FROM debian:12\n", "contextHashes": []}})"));
  const v1::Snapshot& snapshot = created.value.snapshot();
  EXPECT_EQ(snapshot.cpu(), 2);
  EXPECT_EQ(snapshot.memory_gib(), 4);
  EXPECT_EQ(snapshot.disk_gib(), 8);
  EXPECT_EQ(snapshot.gpu_type(), v1::GPU_TYPE_H100);
  EXPECT_THAT(snapshot.region_ids(), ElementsAre("eu"));
  EXPECT_EQ(snapshot.sandbox_class(), v1::SANDBOX_CLASS_CONTAINER);
}

TEST_F(SnapshotsTest, AFailedBuildTellsTheReasonAndLeavesTheSnapshot) {
  const std::string spec = R"(spec { name: "broken" dockerfile: "FROM debian:12\nRUN exit 3\n" })";
  const auto streamed = CreateStream(spec);
  ASSERT_EQ(Outcome(streamed.error), "FAILED_PRECONDITION SNAPSHOT_BUILD_FAILED");
  EXPECT_THAT(streamed.error->message, HasSubstr("returned a non-zero code: 3"));
  EXPECT_EQ(streamed.error->metadata.at("snapshot_name"), "broken");
  EXPECT_EQ(streamed.error->metadata.at("snapshot_state"), "error");
  std::string log;
  for (const auto& message : streamed.messages) log += message.log().data();
  EXPECT_THAT(log, EndsWith("returned a non-zero code: 3\n"));
  EXPECT_TRUE(Eventually([&] { return control().streams() == 0; }));

  const auto got = Get(streamed.error->metadata.at("snapshot_id"));
  EXPECT_EQ(got.value.snapshot().state(), v1::SNAPSHOT_STATE_ERROR);
  EXPECT_THAT(got.value.snapshot().error_reason(), HasSubstr("returned a non-zero code: 3"));
}

TEST_F(SnapshotsTest, ARejectionByUpstreamIsReported) {
  ASSERT_EQ(Outcome(Create("spec { name: 'a' image: 'debian:12' }").error), "OK");
  const auto again = Create("spec { name: 'a' image: 'debian:12' }");
  EXPECT_EQ(Outcome(again.error), "ALREADY_EXISTS NAME_TAKEN");
  EXPECT_EQ(again.error->metadata.at("snapshot_name"), "a");
  EXPECT_EQ(Outcome(Create("spec { name: 'b' image: 'debian:latest' }").error),
            "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST");
  EXPECT_EQ(Outcome(Create("spec { name: 'b' image: 'debian' }").error), "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST");
  EXPECT_EQ(Outcome(Create("spec { name: 'b c' image: 'debian:12' }").error), "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST");
}

TEST_F(SlowSnapshotsTest, ACreateThatRunsOutOfTimeNamesTheSnapshotThatStays) {
  const auto created = Create("spec { name: 'slow' image: 'debian:12' } timeout { nanos: 200000000 }");
  ASSERT_EQ(Outcome(created.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_EQ(created.error->metadata.at("snapshot_name"), "slow");
  EXPECT_EQ(Outcome(Get(created.error->metadata.at("snapshot_id")).error), "OK");
}

TEST_F(SlowSnapshotsTest, WithoutWaitingTheAnswerComesAtOnce) {
  const auto created = Create("spec { name: 'slow' image: 'debian:12' } wait: false");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.value.snapshot().state(), v1::SNAPSHOT_STATE_PENDING);
  EXPECT_EQ(control().CountRequests("GET", "/api/snapshots"), 0);
}

TEST_F(SlowSnapshotsTest, AWaitForADeleteMayRunOutOfTime) {
  const std::string id = Create("spec { name: 'slow' image: 'debian:12' } wait: false").value.snapshot().id();
  const auto request = Parse<v1::DeleteSnapshotRequest>("snapshot: 'slow' wait: true timeout { nanos: 200000000 }");
  const auto deleted = Call(snapshots(), &Stub::DeleteSnapshot, request);
  EXPECT_EQ(Outcome(deleted.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_EQ(deleted.error->metadata.at("snapshot_id"), id);
  EXPECT_EQ(deleted.error->metadata.at("snapshot_state"), "removing");
}

TEST_F(SnapshotsTest, IsReadByIdAndByName) {
  const v1::Snapshot made = MakeSnapshot("team/app:1");
  for (const std::string& reference : {made.id(), made.name()}) {
    const auto got = Get(reference);
    ASSERT_EQ(Outcome(got.error), "OK") << reference;
    EXPECT_EQ(got.value.snapshot().id(), made.id());
    EXPECT_EQ(got.value.snapshot().name(), "team/app:1");
  }
}

TEST_F(SnapshotsTest, AnUnknownStateIsShown) {
  const v1::Snapshot made = MakeSnapshot("s");
  control().ForceSnapshot(made.id(), {{"state", "defrosting"}});
  const auto got = Get(made.id());
  EXPECT_EQ(got.value.snapshot().state(), v1::SNAPSHOT_STATE_UNSPECIFIED);
  EXPECT_EQ(got.value.snapshot().state_text(), "defrosting");
}

TEST_F(SnapshotsTest, AreListedBothWaysOfPaging) {
  // The platform's own snapshot is in every list, after all others.
  for (const char* name : {"s1", "s2", "s3"}) MakeSnapshot(name);
  const std::string sorted = "name: 's' sort: SNAPSHOT_SORT_FIELD_NAME order: SORT_ORDER_ASC page_size: 2 ";
  EXPECT_THAT(Names("name: '2'"), ElementsAre("s2"));
  EXPECT_THAT(Names("name: 'nope'"), IsEmpty());
  EXPECT_THAT(Names("name: 's' sort: SNAPSHOT_SORT_FIELD_NAME order: SORT_ORDER_DESC page_size: 3"),
              ElementsAre("s3", "s2", "s1"));

  const auto first = List(sorted);
  EXPECT_EQ(first.value.snapshots_size(), 2);
  EXPECT_FALSE(first.value.has_total_size());
  const std::string token = "page_token: '" + first.value.next_page_token() + "'";
  const auto second = List(sorted + token);
  EXPECT_EQ(second.value.snapshots(0).name(), "s3");
  EXPECT_EQ(second.value.next_page_token(), "");
  EXPECT_EQ(Outcome(List("name: 'x' sort: SNAPSHOT_SORT_FIELD_NAME order: SORT_ORDER_ASC page_size: 2 " + token).error),
            "INVALID_ARGUMENT INVALID_REQUEST");

  const auto numbered = List(sorted + "page: 2");
  EXPECT_EQ(numbered.value.snapshots(0).name(), "s3");
  EXPECT_EQ(numbered.value.total_size(), 4);
  EXPECT_EQ(numbered.value.total_pages(), 2);
  EXPECT_EQ(numbered.value.page(), 2);
  EXPECT_EQ(numbered.value.next_page_token(), "");
}

// A server that knows every filter.
class NewServerSnapshotsTest : public SnapshotsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(emulator::ApiVersion::k0_226); }
};

TEST_F(NewServerSnapshotsTest, AreListedBySourceSandbox) {
  MakeSnapshot("s");
  v1::SandboxSpec spec;
  spec.set_name("box");
  const std::string id = MakeSandbox(spec).id();
  control().ResetRequests();
  EXPECT_THAT(Names("source_sandbox: 'box'"), IsEmpty());
  EXPECT_EQ(control().CountRequests("GET", "/api/sandbox/" + id), 1);
  EXPECT_THAT(Names("source_sandbox: '" + id + "'"), IsEmpty());
  EXPECT_EQ(Outcome(List("source_sandbox: 'nope'").error), "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(SnapshotsTest, IsDeactivatedAndActivated) {
  const v1::Snapshot made = MakeSnapshot("team/app:1");
  for (const std::string& reference : {made.id(), made.name()}) {
    v1::DeactivateSnapshotRequest deactivate;
    deactivate.set_snapshot(reference);
    const auto inactive = Call(snapshots(), &Stub::DeactivateSnapshot, deactivate);
    ASSERT_EQ(Outcome(inactive.error), "OK") << reference;
    EXPECT_EQ(inactive.value.snapshot().state(), v1::SNAPSHOT_STATE_INACTIVE);
    v1::ActivateSnapshotRequest activate;
    activate.set_snapshot(reference);
    const auto active = Call(snapshots(), &Stub::ActivateSnapshot, activate);
    ASSERT_EQ(Outcome(active.error), "OK") << reference;
    EXPECT_EQ(active.value.snapshot().state(), v1::SNAPSHOT_STATE_ACTIVE);
    EXPECT_EQ(Outcome(Call(snapshots(), &Stub::ActivateSnapshot, activate).error), "FAILED_PRECONDITION WRONG_STATE");
  }
}

TEST_F(SnapshotsTest, IsDeletedByIdAndByName) {
  const std::string first = MakeSnapshot("team/app:1").id();
  const auto by_name = Delete("team/app:1", /*wait=*/true);
  ASSERT_EQ(Outcome(by_name.error), "OK");
  EXPECT_EQ(by_name.value.snapshot_id(), first);
  EXPECT_EQ(Outcome(Get(first).error), "NOT_FOUND SNAPSHOT_NOT_FOUND");
  const std::string second = MakeSnapshot("team/app:2").id();
  EXPECT_EQ(Delete(second).value.snapshot_id(), second);
  EXPECT_TRUE(Eventually([&] { return !Get(second).ok(); }));
  EXPECT_EQ(Outcome(Delete("team/app:2").error), "NOT_FOUND SNAPSHOT_NOT_FOUND");
}

TEST_F(SnapshotsTest, AFailedSnapshotCanBeDeleted) {
  const auto created = Create(R"(spec { name: "broken" dockerfile: "FROM debian:12\nRUN false\n" })");
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(Outcome(Delete("broken", /*wait=*/true).error), "OK");
}

TEST_F(SnapshotsTest, TheGeneralSnapshotCannotBeDeleted) {
  const std::string general = List("").value.snapshots(0).name();
  EXPECT_EQ(Outcome(Delete(general).error), "PERMISSION_DENIED PERMISSION_DENIED_BY_UPSTREAM");
}

TEST_F(SnapshotsTest, StreamingWalksAllPages) {
  for (const char* const name : {"a", "b", "c"}) MakeSnapshot(name);
  control().ResetRequests();
  const auto streamed =
      ReadAll(snapshots(), &Stub::StreamSnapshots,
              Parse<v1::StreamSnapshotsRequest>("sort: SNAPSHOT_SORT_FIELD_NAME order: SORT_ORDER_ASC page_size: 2"));
  ASSERT_EQ(Outcome(streamed.error), "OK");
  std::vector<std::string> names;
  for (const v1::StreamSnapshotsResponse& message : streamed.messages) names.push_back(message.snapshot().name());
  EXPECT_THAT(names, ::testing::IsSupersetOf({"a", "b", "c"}));
  EXPECT_EQ(names.size(), 4U);  // with the general one
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(control().CountRequests("GET", "/api/snapshots"), 2);
}

TEST_F(SnapshotsTest, StreamingTakesTheFiltersOfTheList) {
  for (const char* const name : {"red-1", "red-2", "blue"}) MakeSnapshot(name);
  const auto streamed = ReadAll(snapshots(), &Stub::StreamSnapshots, Parse<v1::StreamSnapshotsRequest>("name: 'red'"));
  EXPECT_EQ(streamed.messages.size(), 2U);
  EXPECT_EQ(
      Outcome(ReadAll(snapshots(), &Stub::StreamSnapshots, Parse<v1::StreamSnapshotsRequest>("source_sandbox: 'nope'"))
                  .error),
      "NOT_FOUND SANDBOX_NOT_FOUND");
}

}  // namespace
}  // namespace daytonad::testing
