// Sandboxes that exist, as a caller sees them: reading, stopping, starting, deleting and waiting.
#include <future>
#include <string>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(SandboxesTest, IsReadByIdAndByName) {
  const std::string name = "my box #1?50%/ü";
  v1::SandboxSpec spec;
  spec.set_name(name);
  const v1::Sandbox made = MakeSandbox(spec);
  for (const std::string& reference : {made.id(), name}) {
    const auto got = Get(reference);
    ASSERT_EQ(Outcome(got.error), "OK") << reference;
    EXPECT_EQ(got.value.sandbox().id(), made.id());
    EXPECT_EQ(got.value.sandbox().name(), name);
    EXPECT_EQ(got.value.sandbox().view(), v1::VIEW_FULL);
  }
  EXPECT_EQ(Outcome(Stop(name).error), "OK");
  EXPECT_EQ(Outcome(Start(name).error), "OK");
  EXPECT_EQ(Outcome(Delete(name).error), "OK");
}

TEST_F(SandboxesTest, ARequestMayBeCompressed) {
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext unary;
    unary.set_compression_algorithm(algorithm);
    v1::CreateSandboxRequest request;
    (*request.mutable_spec()->mutable_env())["TEXT"] = std::string(5000, 'x');
    const auto created = client::Call(sandboxes(), &Stub::CreateSandbox, request, unary);
    ASSERT_EQ(Outcome(created.error), "OK");
    EXPECT_EQ(created.value.sandbox().env().at("TEXT"), std::string(5000, 'x'));

    // One answered from memory or with little work, and a stream.
    grpc::ClientContext cached;
    cached.set_compression_algorithm(algorithm);
    v1::GetSandboxRequest get;
    get.set_sandbox(std::string(400, 'x'));
    EXPECT_EQ(Outcome(client::Call(sandboxes(), &Stub::GetSandbox, get, cached).error), "NOT_FOUND SANDBOX_NOT_FOUND");
    grpc::ClientContext stream;
    stream.set_compression_algorithm(algorithm);
    v1::StreamSandboxesRequest list;
    (*list.mutable_filter()->mutable_labels())["a"] = std::string(400, 'x');
    int messages = 0;
    const auto error = client::Stream(sandboxes(), &Stub::StreamSandboxes, list, stream,
                                      [&](const v1::StreamSandboxesResponse&) { ++messages; });
    EXPECT_EQ(Outcome(error), "OK");
    EXPECT_EQ(messages, 0) << "the filter was read";
  }
}

TEST_F(SandboxesTest, StopsStartsAndIsDeleted) {
  const std::string id = MakeSandbox().id();
  const auto stopped = Stop(id);
  ASSERT_EQ(Outcome(stopped.error), "OK");
  EXPECT_EQ(stopped.value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
  EXPECT_EQ(Outcome(Stop(id).error), "FAILED_PRECONDITION WRONG_STATE");
  const auto started = Start(id);
  ASSERT_EQ(Outcome(started.error), "OK");
  EXPECT_EQ(started.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(Outcome(Start(id).error), "OK") << "starting what is started changes nothing";
  const auto deleted = Delete(id, "wait: true");
  ASSERT_EQ(Outcome(deleted.error), "OK");
  EXPECT_EQ(deleted.value.sandbox().state(), v1::SANDBOX_STATE_DESTROYED);
  EXPECT_EQ(deleted.value.sandbox().id(), id);
  EXPECT_EQ(Outcome(Get(id).error), "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(SandboxesTest, ForceAndItsAbsenceReachUpstream) {
  Stop(MakeSandbox().id(), "force: true");
  Stop(MakeSandbox().id());
  std::vector<std::string> force;
  for (const nlohmann::json& request : control().Requests()) {
    for (const nlohmann::json& pair : request.at("query")) {
      if (pair.at(0) == "force") force.push_back(pair.at(1));
    }
  }
  EXPECT_THAT(force, ElementsAre("true", "false"));
}

TEST_F(SlowSandboxesTest, WithoutWaitingChangesAreOnlyStarted) {
  Create("spec { name: 'box' } wait: false");
  const std::string id = Get("box").value.sandbox().id();
  control().ForceSandbox(id, {{"state", "started"}});
  EXPECT_EQ(Stop(id, "wait: false").value.sandbox().state(), v1::SANDBOX_STATE_STOPPING);
  const std::string brief = "timeout { nanos: 100000000 }";
  EXPECT_EQ(Outcome(Start(id, brief).error), "ABORTED STATE_CHANGE_IN_PROGRESS");
  EXPECT_EQ(Outcome(Delete(id, brief).error), "ABORTED STATE_CHANGE_IN_PROGRESS");
  control().ForceSandbox(id, {{"state", "stopped"}});
  EXPECT_EQ(Start(id, "wait: false").value.sandbox().state(), v1::SANDBOX_STATE_STARTING);
  control().ForceSandbox(id, {{"state", "started"}});
  EXPECT_EQ(Delete(id).value.sandbox().state(), v1::SANDBOX_STATE_DESTROYING);
}

TEST_F(SlowSandboxesTest, WaitsForChangesRunOutOfTime) {
  Create("spec { name: 'box' } wait: false");
  const std::string id = Get("box").value.sandbox().id();
  const std::string brief = "timeout { nanos: 100000000 }";
  control().ForceSandbox(id, {{"state", "started"}});
  const auto stopped = Stop(id, brief);
  EXPECT_EQ(Outcome(stopped.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_EQ(stopped.error->metadata.at("sandbox_id"), id);
  EXPECT_EQ(stopped.error->metadata.at("sandbox_state"), "stopping");
  control().ForceSandbox(id, {{"state", "stopped"}});
  EXPECT_EQ(Outcome(Start(id, brief).error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  control().ForceSandbox(id, {{"state", "started"}});
  EXPECT_EQ(Outcome(Delete(id, "wait: true " + brief).error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_EQ(Get(id).value.sandbox().state(), v1::SANDBOX_STATE_DESTROYING);
}

TEST_F(SandboxesTest, AnEphemeralSandboxIsDestroyedWhenItStops) {
  const auto created = Create("spec { ephemeral: true }");
  EXPECT_EQ(created.value.warnings_size(), 0);
  const auto stopped = Stop(created.value.sandbox().id());
  ASSERT_EQ(Outcome(stopped.error), "OK");
  EXPECT_EQ(stopped.value.sandbox().state(), v1::SANDBOX_STATE_DESTROYED);
  EXPECT_EQ(stopped.value.sandbox().id(), created.value.sandbox().id());
}

TEST_F(SandboxesTest, AFailedStartIsReported) {
  const auto created = Create("spec { env { key: 'FAKE_FAIL' value: 'start' } }");
  const std::string id = created.value.sandbox().id();
  Stop(id);
  const auto started = Start(id);
  EXPECT_EQ(Outcome(started.error), "FAILED_PRECONDITION SANDBOX_FAILED");
  EXPECT_THAT(started.error->message, HasSubstr("failed to start"));
  EXPECT_EQ(Outcome(Start(id).error), "FAILED_PRECONDITION WRONG_STATE");
}

TEST_F(SandboxesTest, WaitsForAnyOfTheWantedStates) {
  const std::string id = MakeSandbox().id();
  const auto there = Wait(id, "states: [SANDBOX_STATE_STOPPED, SANDBOX_STATE_STARTED]");
  ASSERT_EQ(Outcome(there.error), "OK");
  EXPECT_EQ(there.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
  Stop(id, "wait: false");
  EXPECT_EQ(Wait(id, "states: SANDBOX_STATE_STOPPED").value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
  EXPECT_EQ(Wait(id, "state_texts: ['hibernated', 'stopped']").value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
  const auto late = Wait(id, "states: SANDBOX_STATE_STARTED timeout { nanos: 100000000 }");
  EXPECT_EQ(Outcome(late.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_EQ(late.error->metadata.at("sandbox_state"), "stopped");
  Delete(id);
  const auto gone = Wait(id, "states: SANDBOX_STATE_DESTROYED");
  ASSERT_EQ(Outcome(gone.error), "OK");
  EXPECT_EQ(gone.value.sandbox().state(), v1::SANDBOX_STATE_DESTROYED);
  EXPECT_EQ(Outcome(Wait(id, "states: SANDBOX_STATE_STARTED").error), "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(SandboxesTest, AWaitEndsWhenTheSandboxFails) {
  const std::string id = MakeSandbox().id();
  control().ForceSandbox(id, {{"state", "error"}, {"errorReason", "the disk is full"}});
  const auto failed = Wait(id, "states: SANDBOX_STATE_STOPPED");
  EXPECT_EQ(Outcome(failed.error), "FAILED_PRECONDITION SANDBOX_FAILED");
  EXPECT_THAT(failed.error->message, HasSubstr("the disk is full"));
  EXPECT_EQ(Outcome(Wait(id, "states: SANDBOX_STATE_ERROR").error), "OK");
}

TEST_F(SandboxesTest, AnUnknownStateIsShownAndWaitedThrough) {
  const std::string id = MakeSandbox().id();
  control().ForceSandbox(id, {{"state", "defrosting"}, {"desiredState", "molten"}});
  const auto got = Get(id);
  ASSERT_EQ(Outcome(got.error), "OK");
  EXPECT_EQ(got.value.sandbox().state(), v1::SANDBOX_STATE_UNSPECIFIED);
  EXPECT_EQ(got.value.sandbox().state_text(), "defrosting");
  EXPECT_EQ(got.value.sandbox().desired_state_text(), "molten");

  control().ResetRequests();
  auto waiting = std::async(std::launch::async, [&] { return Wait(id, "states: SANDBOX_STATE_STARTED"); });
  ASSERT_TRUE(Eventually([&] { return control().CountRequests("GET", id) >= 2; }));
  control().ForceSandbox(id, {{"state", "started"}});
  EXPECT_EQ(Outcome(waiting.get().error), "OK");
}

TEST_F(SandboxesTest, UnknownFieldsBreakNothing) {
  control().AddFault({{"path_regex", "^/api/"}}, {{"extra_fields", true}});
  const std::string id = MakeSandbox().id();
  EXPECT_EQ(Outcome(Get(id).error), "OK");
  EXPECT_EQ(Outcome(Stop(id).error), "OK");
  EXPECT_EQ(Outcome(Start(id).error), "OK");
  EXPECT_EQ(Call(sandboxes(), &Stub::ListSandboxes, {}).value.sandboxes_size(), 1);
  EXPECT_EQ(Call(snapshots(), &v1::SnapshotService::Stub::ListSnapshots, {}).value.snapshots_size(), 1);
  EXPECT_EQ(MakeSnapshot("s").state(), v1::SNAPSHOT_STATE_ACTIVE);
  EXPECT_EQ(MakeVolume("v").state(), v1::VOLUME_STATE_READY);
  EXPECT_EQ(Call(volumes(), &v1::VolumeService::Stub::ListVolumes, {}).value.volumes_size(), 1);
  EXPECT_EQ(Outcome(Delete(id, "wait: true").error), "OK");
}

}  // namespace
}  // namespace daytonad::testing
