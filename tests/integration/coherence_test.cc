// The promises of docs/coherence.md, by their numbers. Unless a test says otherwise, the cache lifetime is longer than
// any test, so that no answer is right merely because the cache expired.
#include <atomic>
#include <future>
#include <set>

#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::StartsWith;

class CoherenceTest : public SharedStateTest {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off", "--cache-lifetime", "1h"}; }

  v1::SandboxState StateOf(const std::string& id_or_name, const std::string& more = "") {
    const Read<v1::Sandbox> read = ReadSandbox(id_or_name, more);
    EXPECT_EQ(read.outcome, "OK");
    return read.object.state();
  }
};

// --- 1: you read your writes ---

TEST_F(CoherenceTest, ReadYourWritesAfterEachChangeOfASandbox) {
  const v1::Sandbox sandbox = MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  const std::vector<std::string> keys = {sandbox.id(), "box"};
  for (const std::string& key : keys) {
    for (const std::string& read : keys) EXPECT_EQ(StateOf(read), v1::SANDBOX_STATE_STARTED);
    EXPECT_EQ(Outcome(Stop(key).error), "OK");
    for (const std::string& read : keys) EXPECT_EQ(StateOf(read), v1::SANDBOX_STATE_STOPPED);
    EXPECT_EQ(Outcome(Start(key).error), "OK");
    for (const std::string& read : keys) EXPECT_EQ(StateOf(read), v1::SANDBOX_STATE_STARTED);
  }
  EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
  for (const std::string& read : keys) EXPECT_EQ(ReadSandbox(read).outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
  // The name is free again, and another sandbox takes it.
  const v1::Sandbox next = MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  EXPECT_EQ(ReadSandbox("box").object.id(), next.id());
  EXPECT_EQ(ReadSandbox(sandbox.id()).outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(CoherenceTest, ReadYourWritesAfterEachChangeOfASnapshot) {
  EXPECT_EQ(ReadSnapshot("snap").outcome, "NOT_FOUND SNAPSHOT_NOT_FOUND");
  const v1::Snapshot snapshot = MakeSnapshot("snap");
  const std::vector<std::string> keys = {snapshot.id(), "snap"};
  for (const std::string& key : keys) {
    v1::DeactivateSnapshotRequest deactivate;
    deactivate.set_snapshot(key);
    EXPECT_EQ(Outcome(Call(snapshots(), &Snapshots::DeactivateSnapshot, deactivate).error), "OK");
    for (const std::string& read : keys) EXPECT_EQ(ReadSnapshot(read).object.state(), v1::SNAPSHOT_STATE_INACTIVE);
    v1::ActivateSnapshotRequest activate;
    activate.set_snapshot(key);
    EXPECT_EQ(Outcome(Call(snapshots(), &Snapshots::ActivateSnapshot, activate).error), "OK");
    for (const std::string& read : keys) EXPECT_NE(ReadSnapshot(read).object.state(), v1::SNAPSHOT_STATE_INACTIVE);
    EXPECT_TRUE(
        Eventually([&] { return ReadSnapshot(key, kAskUpstream).object.state() == v1::SNAPSHOT_STATE_ACTIVE; }));
  }
  v1::DeleteSnapshotRequest request;
  request.set_snapshot("snap");
  EXPECT_EQ(Outcome(Call(snapshots(), &Snapshots::DeleteSnapshot, request).error), "OK");
  for (const std::string& read : keys) {
    const Read<v1::Snapshot> now = ReadSnapshot(read);
    if (now.outcome == "OK") {
      EXPECT_EQ(now.object.state(), v1::SNAPSHOT_STATE_REMOVING);
    }
  }
}

TEST_F(CoherenceTest, ReadYourWritesAfterEachChangeOfAVolume) {
  EXPECT_EQ(ReadVolume("vol").outcome, "NOT_FOUND VOLUME_NOT_FOUND");
  const Read<v1::Volume> made = ReadVolume("vol", "create_if_missing: true");
  ASSERT_EQ(made.outcome, "OK");
  EXPECT_EQ(ReadVolume("vol").object.id(), made.object.id());
  EXPECT_TRUE(Eventually([&] { return ReadVolume("vol", kAskUpstream).object.state() == v1::VOLUME_STATE_READY; }));
  EXPECT_EQ(ReadVolume(made.object.id()).object.state(), v1::VOLUME_STATE_READY);
  v1::DeleteVolumeRequest request;
  request.set_volume("vol");
  request.set_wait(true);
  EXPECT_EQ(Outcome(Call(volumes(), &Volumes::DeleteVolume, request).error), "OK");
  EXPECT_EQ(ReadVolume("vol").outcome, "NOT_FOUND VOLUME_NOT_FOUND");
  const Read<v1::Volume> by_id = ReadVolume(made.object.id());
  if (by_id.outcome == "OK") {
    EXPECT_EQ(by_id.object.state(), v1::VOLUME_STATE_DELETED);
  }
}

TEST_F(CoherenceTest, DuringAChangeItsObjectIsNotAnsweredFromMemory) {
  const v1::Sandbox sandbox = MakeSandbox();
  const v1::Sandbox other = MakeSandbox();
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "hit");
  auto stop =
      BeginHeld("POST", "/sandbox/" + sandbox.id() + "/stop", [&] { return Outcome(Stop(sandbox.id()).error); });
  const Read<v1::Sandbox> meanwhile = ReadSandbox(sandbox.id());
  EXPECT_NE(meanwhile.source, "hit");
  EXPECT_NE(meanwhile.object.state(), v1::SANDBOX_STATE_STARTED) << "upstream has begun to stop it";
  EXPECT_NE(ReadSandbox(sandbox.name()).source, "hit");
  EXPECT_EQ(ReadSandbox(other.id()).source, "hit");
  Release();
  EXPECT_EQ(stop.get(), "OK");
  EXPECT_EQ(StateOf(sandbox.id()), v1::SANDBOX_STATE_STOPPED);
}

TEST_F(CoherenceTest, AReadStartedBeforeAChangeDoesNotRestoreTheOldState) {
  const v1::Sandbox sandbox = MakeSandbox();
  for (const std::string& key : {sandbox.id(), sandbox.name()}) {
    auto slow = BeginHeld("GET", "/sandbox/" + sandbox.id(), [&] { return StateOf(key, kAskUpstream); });
    EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
    // A later reader does not join it either.
    EXPECT_EQ(StateOf(key), v1::SANDBOX_STATE_STOPPED);
    EXPECT_EQ(StateOf(key, kAskUpstream), v1::SANDBOX_STATE_STOPPED);
    Release();
    EXPECT_EQ(slow.get(), v1::SANDBOX_STATE_STOPPED) << "although this was asked before";
    EXPECT_EQ(StateOf(sandbox.id()), v1::SANDBOX_STATE_STOPPED);
    EXPECT_EQ(StateOf(sandbox.name()), v1::SANDBOX_STATE_STOPPED);
    EXPECT_EQ(Outcome(Start(sandbox.id()).error), "OK");
  }
}

TEST_F(CoherenceTest, AReadStartedBeforeAChangeOfAnUnknownObjectDoesNotRestoreTheOldState) {
  const v1::Sandbox sandbox = AsSomebodyElse([&] { return MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")")); });
  auto slow = BeginHeld("GET", "/sandbox/box", [&] { return StateOf("box"); });
  EXPECT_EQ(Outcome(Stop("box", "wait: false").error), "OK");
  Release();
  EXPECT_NE(slow.get(), v1::SANDBOX_STATE_STARTED);
  EXPECT_NE(StateOf("box"), v1::SANDBOX_STATE_STARTED);
  EXPECT_NE(StateOf(sandbox.id()), v1::SANDBOX_STATE_STARTED);
}

TEST_F(CoherenceTest, AReadStartedBeforeANameWasReusedDoesNotRestoreTheOldOwner) {
  const v1::Sandbox old = MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  auto slow = BeginHeld("GET", "/sandbox/" + old.id(), [&] { return ReadSandbox("box", kAskUpstream).object.id(); });
  EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
  const v1::Sandbox next = MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  Release();
  EXPECT_EQ(slow.get(), next.id());
  EXPECT_EQ(ReadSandbox("box").object.id(), next.id());
  EXPECT_EQ(ReadSandbox("box", kAskUpstream).object.id(), next.id());
  EXPECT_EQ(ReadSandbox(old.id()).outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(CoherenceTest, AListStartedBeforeAChangeDoesNotRestoreTheOldState) {
  const v1::Sandbox sandbox = MakeSandbox();
  auto slow = BeginHeld("GET", "/sandbox", [&] {
    const auto listed = Call(sandboxes(), &Stub::ListSandboxes, {});
    return listed.value.sandboxes_size() == 1 ? listed.value.sandboxes(0).state() : v1::SANDBOX_STATE_UNSPECIFIED;
  });
  EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
  Release();
  EXPECT_EQ(slow.get(), v1::SANDBOX_STATE_STOPPED);
  EXPECT_EQ(StateOf(sandbox.id()), v1::SANDBOX_STATE_STOPPED);
  EXPECT_EQ(StateOf(sandbox.name()), v1::SANDBOX_STATE_STOPPED);
}

TEST_F(CoherenceTest, AReadStartedBeforeADeletionDoesNotRestoreTheObject) {
  const v1::Sandbox sandbox = MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  auto slow =
      BeginHeld("GET", "/sandbox/" + sandbox.id(), [&] { return ReadSandbox(sandbox.id(), kAskUpstream).outcome; });
  EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
  Release();
  EXPECT_EQ(slow.get(), "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(ReadSandbox(sandbox.id()).outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(ReadSandbox("box").outcome, "NOT_FOUND SANDBOX_NOT_FOUND");

  const v1::Volume volume = MakeVolume("vol");
  auto slow_volume = BeginHeld("GET", "/volumes/" + volume.id(), [&] { return ReadVolume(volume.id(), kAskUpstream); });
  v1::DeleteVolumeRequest request;
  request.set_volume(volume.id());
  request.set_wait(true);
  EXPECT_EQ(Outcome(Call(volumes(), &Volumes::DeleteVolume, request).error), "OK");
  Release();
  EXPECT_EQ(slow_volume.get().object.state(), v1::VOLUME_STATE_DELETED);
  EXPECT_EQ(ReadVolume("vol").outcome, "NOT_FOUND VOLUME_NOT_FOUND");
  EXPECT_NE(ReadVolume(volume.id()).object.state(), v1::VOLUME_STATE_READY);
}

// Upstream's answer to these is empty, so that it gives no new state to replace the old.
TEST_F(CoherenceTest, AReadStartedBeforeAChangeWithAnEmptyAnswerDoesNotRestoreTheOldState) {
  const v1::Snapshot snapshot = MakeSnapshot("snap");
  auto slow_snapshot =
      BeginHeld("GET", "/snapshots/" + snapshot.id(), [&] { return ReadSnapshot(snapshot.id(), kAskUpstream); });
  v1::DeactivateSnapshotRequest deactivate;
  deactivate.set_snapshot(snapshot.id());
  EXPECT_EQ(Outcome(Call(snapshots(), &Snapshots::DeactivateSnapshot, deactivate).error), "OK");
  Release();
  EXPECT_EQ(slow_snapshot.get().object.state(), v1::SNAPSHOT_STATE_INACTIVE);
  EXPECT_EQ(ReadSnapshot(snapshot.id()).object.state(), v1::SNAPSHOT_STATE_INACTIVE);
  EXPECT_EQ(ReadSnapshot("snap").object.state(), v1::SNAPSHOT_STATE_INACTIVE);

  const v1::Volume volume = MakeVolume("vol");
  auto slow_volume = BeginHeld("GET", "/volumes/" + volume.id(), [&] { return ReadVolume(volume.id(), kAskUpstream); });
  v1::DeleteVolumeRequest request;
  request.set_volume(volume.id());
  EXPECT_EQ(Outcome(Call(volumes(), &Volumes::DeleteVolume, request).error), "OK");
  Release();
  EXPECT_NE(slow_volume.get().object.state(), v1::VOLUME_STATE_READY);
  EXPECT_NE(ReadVolume(volume.id()).object.state(), v1::VOLUME_STATE_READY);
  EXPECT_NE(ReadVolume("vol").object.state(), v1::VOLUME_STATE_READY);
}

TEST_F(CoherenceTest, AChangeOfAnotherObjectLeavesASharedReadShared) {
  const v1::Sandbox sandbox = AsSomebodyElse([&] { return MakeSandbox(); });
  const v1::Sandbox other = MakeSandbox();
  control().ResetRequests();
  std::vector<std::future<Read<v1::Sandbox>>> readers;
  readers.push_back(BeginHeld("GET", "/sandbox/" + sandbox.id(), [&] { return ReadSandbox(sandbox.id()); }));
  EXPECT_EQ(Outcome(Stop(other.id()).error), "OK");
  MakeVolume("vol");
  constexpr int kMore = 8;
  std::atomic<int> begun = 0;
  for (int i = 0; i < kMore; ++i) {
    readers.push_back(std::async(std::launch::async, [&] {
      ++begun;
      return ReadSandbox(sandbox.id(), kAskUpstream);
    }));
  }
  // Their arrival at the daemon is not observable; but these calls come after most of them.
  ASSERT_TRUE(Eventually([&] { return begun == kMore; }));
  for (int i = 0; i < 20; ++i) ReadVolume("none");
  EXPECT_EQ(control().CountRequests("GET", "/sandbox/" + sandbox.id()), 1);
  Release();
  for (auto& reader : readers) EXPECT_EQ(reader.get().object.id(), sandbox.id());
}

TEST_F(CoherenceTest, AChangeWithALostAnswerIsSeenByTheNextRead) {
  const v1::Sandbox sandbox = MakeSandbox();
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "hit");
  control().AddFault({{"method", "POST"}, {"path_regex", "/stop$"}}, {{"drop", true}, {"when", "after"}});
  Stop(sandbox.id(), "wait: false");
  EXPECT_NE(StateOf(sandbox.id()), v1::SANDBOX_STATE_STARTED);
}

TEST_F(CoherenceTest, AFailedChangeLeavesNoOldState) {
  const v1::Sandbox sandbox = MakeSandbox();
  // Somebody archives it; so the stop fails, without saying what state it is in.
  control().ForceSandbox(sandbox.id(), {{"state", "archived"}});
  EXPECT_NE(Outcome(Stop(sandbox.id(), "wait: false").error), "OK");
  EXPECT_EQ(StateOf(sandbox.id()), v1::SANDBOX_STATE_ARCHIVED);
}

class OtherListenerTest : public CoherenceTest {
 protected:
  std::vector<std::string> flags() override {
    std::vector<std::string> flags = CoherenceTest::flags();
    flags.insert(flags.end(), {"--listen", "127.0.0.1:0", "--listen-read-only", "127.0.0.1:0"});
    return flags;
  }
};

TEST_F(OtherListenerTest, EveryCallerReadsTheWritesOfAll) {
  const v1::Sandbox sandbox = MakeSandbox();
  std::vector<client::Client> clients;
  for (const std::string& address : daemon_->addresses()) clients.push_back(*client::Client::Connect(address));
  ASSERT_EQ(clients.size(), 3U);
  const auto all_see = [&] {
    std::set<v1::SandboxState> states;
    for (client::Client& client : clients) {
      v1::GetSandboxRequest request;
      request.set_sandbox(sandbox.id());
      states.insert(Call(client.sandboxes(), &Stub::GetSandbox, request).value.sandbox().state());
    }
    return states;
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
    EXPECT_EQ(all_see(), std::set{v1::SANDBOX_STATE_STOPPED});
    EXPECT_EQ(Outcome(Start(sandbox.id()).error), "OK");
    EXPECT_EQ(all_see(), std::set{v1::SANDBOX_STATE_STARTED});
  }
}

class SlowCoherenceTest : public CoherenceTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.delays.stop = options.delays.destroy = options.delays.volume = std::chrono::hours(1);
    return options;
  }
};

TEST_F(SlowCoherenceTest, TransitionalStatesAreReadAsSuch) {
  const v1::Sandbox sandbox = MakeSandbox();
  EXPECT_EQ(Outcome(Stop(sandbox.id(), "wait: false").error), "OK");
  EXPECT_EQ(StateOf(sandbox.id()), v1::SANDBOX_STATE_STOPPING);
  EXPECT_EQ(StateOf(sandbox.name()), v1::SANDBOX_STATE_STOPPING);
  const v1::Sandbox other = MakeSandbox();
  EXPECT_EQ(Outcome(Delete(other.id()).error), "OK");
  const Read<v1::Sandbox> deleted = ReadSandbox(other.id());
  if (deleted.outcome == "OK") {
    EXPECT_EQ(deleted.object.state(), v1::SANDBOX_STATE_DESTROYING);
  }
}

// --- 2: state never goes backwards ---

TEST_F(CoherenceTest, SlowAnswersDoNotTakeAWatcherBack) {
  const v1::Sandbox sandbox = MakeSandbox();
  // Before anybody watches: on a slow machine the daemon's own poll would be the request that is held.
  auto slow_read = BeginHeld("GET", "/sandbox/" + sandbox.id(), [&] { return StateOf(sandbox.name(), kAskUpstream); });
  const auto watch = WatchSandbox(sandbox.id());
  EXPECT_EQ(watch->Next().sandbox().state(), v1::SANDBOX_STATE_STARTED);
  auto slow_list =
      BeginHeld("GET", "/sandbox", [&] { return Outcome(Call(sandboxes(), &Stub::ListSandboxes, {}).error); });
  EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
  Release();
  EXPECT_EQ(slow_read.get(), v1::SANDBOX_STATE_STOPPED);
  EXPECT_EQ(slow_list.get(), "OK");
  EXPECT_EQ(Outcome(Delete(sandbox.id(), "wait: true").error), "OK");
  const auto rest = watch->Rest();
  EXPECT_EQ(Outcome(rest.error), "OK");
  for (const v1::WatchSandboxResponse& message : rest.messages) {
    // With "stopped" desired, it may still be seen as started.
    const bool before =
        message.sandbox().state() == v1::SANDBOX_STATE_STARTED && message.sandbox().desired_state_text() == "started";
    EXPECT_FALSE(before) << message.ShortDebugString();
  }
  EXPECT_TRUE(rest.messages.back().removed());
}

// --- 3: staleness is bounded ---

class DefaultLifetimeTest : public CoherenceTest {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off"}; }
};

TEST_F(DefaultLifetimeTest, StalenessIsBoundedWithoutEvents) {
  const v1::Sandbox sandbox = MakeSandbox();
  control().ForceSandbox(sandbox.id(), {{"state", "stopped"}});
  // While the old state is shown, its age stays within the limit.
  EXPECT_TRUE(Eventually([&] {
    const Read<v1::Sandbox> read = ReadSandbox(sandbox.id());
    if (read.source == "hit") {
      EXPECT_LE(read.age, 1.0);
    }
    return read.object.state() == v1::SANDBOX_STATE_STOPPED;
  }));
}

class DefaultLifetimeWithEventsTest : public CoherenceTest {
 protected:
  std::vector<std::string> flags() override { return {}; }
};

TEST_F(DefaultLifetimeWithEventsTest, StalenessIsBoundedWithEvents) {
  AwaitEvents();
  const v1::Sandbox sandbox = MakeSandbox();
  EXPECT_TRUE(Eventually([&] {
    const Read<v1::Sandbox> read = ReadSandbox(sandbox.id());
    if (read.source == "hit") {
      EXPECT_LE(read.age, 30.0);
    }
    return read.source == "hit" && read.age > 1.0;
  })) << "it is good for longer than it would be without";
  control().ResetRequests();
  control().ForceSandbox(sandbox.id(), {{"state", "stopped"}});
  EXPECT_TRUE(Eventually([&] { return StateOf(sandbox.id()) == v1::SANDBOX_STATE_STOPPED; }));
}

// --- 6: a wait does not end on old knowledge ---

class NoLifetimeTest : public CoherenceTest {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off", "--cache-lifetime", "0"}; }
};

TEST_F(NoLifetimeTest, AWaitDoesNotEndOnOldKnowledge) {
  const v1::Sandbox sandbox = MakeSandbox();
  control().ForceSandbox(sandbox.id(), {{"state", "stopped"}});
  const auto waited = Wait(sandbox.id(), "states: SANDBOX_STATE_STARTED timeout { nanos: 100000000 }");
  EXPECT_THAT(Outcome(waited.error), StartsWith("DEADLINE_EXCEEDED")) << "it was started when it was seen last";
  EXPECT_EQ(StateOf(sandbox.id(), kUpToAnHour), v1::SANDBOX_STATE_STOPPED);
}

TEST_F(DefaultLifetimeWithEventsTest, AWaitThatRunsOutOfTimeReadsOnceMore) {
  AwaitEvents();
  const v1::Sandbox sandbox = MakeSandbox();
  control().SetEvents({{"drop", true}});
  control().ForceSandbox(sandbox.id(), {{"state", "stopped"}});
  // Before the daemon's own next poll.
  const auto waited = Wait(sandbox.id(), "states: SANDBOX_STATE_STOPPED timeout { nanos: 100000000 }");
  EXPECT_EQ(Outcome(waited.error), "OK");
  EXPECT_EQ(waited.value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
}

}  // namespace
}  // namespace daytonad::testing
