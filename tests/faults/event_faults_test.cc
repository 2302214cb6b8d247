// The event connection breaks, is slow, hangs or is corrupted: no change is missed for good, and nobody waits beyond
// its deadline. Test names contain rows of the users' complaints.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <deque>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "tests/faults/fault_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::StartsWith;

class EventFaultsTest : public EventFaultTest {
 protected:
  void Force(const std::string& id, const std::string& state) { control().ForceSandbox(id, {{"state", state}}); }
  // Reads until it is in this state; fails the test if any state but the previous one is seen before.
  v1::WatchSandboxResponse SeeState(SandboxWatch& watch, const std::string& state) {
    v1::WatchSandboxResponse seen = watch.NextThat([&](const v1::WatchSandboxResponse& message) {
      const std::string& now = message.sandbox().state_text();
      EXPECT_TRUE(now == state || now == last_seen_) << now << " on the way from " << last_seen_ << " to " << state;
      return now == state;
    });
    last_seen_ = state;
    return seen;
  }
  int accepted() { return control().Events().at("accepted").get<int>(); }

  // Breaks the connection in the middle of several events.
  void BreakWithinEvents(Action action) {
    const std::string id = BeginSandbox("box");
    const auto watch = WatchSandbox(id);
    SeeState(*watch, "creating");
    int times_up = 1;
    for (const std::size_t after : {0, 1, 700}) {
      const std::string state = times_up % 2 == 1 ? "started" : "stopped";
      proxy_.Add({.action = action, .opening = kEvents, .after = after});
      Force(id, state);
      SeeState(*watch, state);
      AwaitEvents(++times_up);
    }
    EXPECT_EQ(proxy_.counts().strikes, 3);
  }

 private:
  std::string last_seen_ = "creating";
};

TEST_F(EventFaultsTest, EventsArrivingByteByByteAreTheSame) {
  for (const Way way : {Way::kToServer, Way::kToClient}) {
    proxy_.Add({.action = Action::kSlow, .way = way, .opening = kEvents, .piece = 1});
  }
  proxy_.CutNow(kEvents);
  AwaitEvents(2);
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  const std::size_t before = proxy_.bytes(Way::kToClient, kEvents);
  for (const std::string state : {"started", "stopping", "stopped", "starting"}) {
    Force(id, state);
    SeeState(*watch, state);
  }
  EXPECT_TRUE(Eventually([&] { return proxy_.bytes(Way::kToClient, kEvents) > before + 4 * 500; }));
  EXPECT_EQ(accepted(), 2);
}

TEST_F(EventFaultsTest, AWatcherIsToldWhereChangesMayBeMissing) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  EXPECT_FALSE(SeeState(*watch, "creating").maybe_missed());
  BreakEvents();
  Force(id, "started");
  EXPECT_TRUE(SeeState(*watch, "started").maybe_missed());
  proxy_.Heal();
  AwaitEvents(2);
  Force(id, "stopped");
  EXPECT_TRUE(SeeState(*watch, "stopped").maybe_missed());
  // Then events report everything. (A poll of the daemon may be quicker at times, but not each time.)
  bool missed = true;
  for (int i = 0; missed && i < 10; ++i) {
    const std::string state = i % 2 == 0 ? "started" : "stopped";
    Force(id, state);
    missed = SeeState(*watch, state).maybe_missed();
  }
  EXPECT_FALSE(missed);
}

TEST_F(EventFaultsTest, EventsThatAreCutAnywhereAreNotMissed) { BreakWithinEvents(Action::kCut); }
TEST_F(EventFaultsTest, EventsThatEndAnywhereAreNotMissed) { BreakWithinEvents(Action::kEnd); }

TEST_F(EventFaultsTest, AConnectionThatBreaksDuringSetupIsRetried) {
  proxy_.Add({.action = Action::kCut, .opening = kEvents, .after = 60});  // within the answer to the upgrade
  proxy_.CutNow(kEvents);
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().strikes == 1; }));
  proxy_.Add({.action = Action::kEnd, .opening = kEvents, .after = 200});
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().strikes == 2; }));
  AwaitEvents(2);
}

// The daemon does not learn that the connection is dead, so it polls from time to time.
TEST_F(EventFaultsTest, AStateReachedWhileEventsHangIsNotMissed) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  auto wait = BeginWait(id);
  proxy_.Add({.action = Action::kStall, .opening = kEvents, .times = -1});
  Force(id, "started");
  EXPECT_EQ(wait.get(), "started");
  EXPECT_TRUE(SeeState(*watch, "started").maybe_missed());
}

TEST_F(EventFaultsTest, LateEventsTakeNothingBack) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  proxy_.Add({.action = Action::kStall, .opening = kEvents, .times = -1});
  for (const std::string state : {"started", "stopped", "started"}) {
    Force(id, state);
    SeeState(*watch, state);
  }
  const std::size_t before = proxy_.bytes(Way::kToClient, kEvents);
  proxy_.Heal();
  ASSERT_TRUE(Eventually([&] { return proxy_.bytes(Way::kToClient, kEvents) > before + 3 * 500; }));
  Force(id, "archived");
  SeeState(*watch, "archived");
}

TEST_F(EventFaultsTest, CorruptedBytesDoNoLastingHarm) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  std::string state = "creating";
  // In the frame's head: its type, its length; in the packet: its type, its JSON.
  for (const std::size_t after : {0, 3, 5, 300}) {
    ASSERT_TRUE(Eventually([this] { return control().Events().at("joined") == 1; }));
    const int strikes = proxy_.counts().strikes;
    proxy_.Add({.action = Action::kFlip, .opening = kEvents, .after = after, .mask = 0x12});
    state = state == "started" ? "stopped" : "started";
    Force(id, state);
    // A well-formed false event may be shown until the daemon polls.
    watch->NextThat([&](const v1::WatchSandboxResponse& message) { return message.sandbox().state_text() == state; });
    EXPECT_TRUE(Eventually([&] { return proxy_.counts().strikes == strikes + 1; })) << after;
  }
  EXPECT_EQ(ReadSandbox(id, kAskUpstream).object.state_text(), state);
}

TEST_F(EventFaultsTest, AnUnreadableEventCountsAsMissed) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  proxy_.Add({.action = Action::kReplace, .opening = kEvents, .find = "state.updated\",", .with = "state.updated\";"});
  Force(id, "started");
  EXPECT_TRUE(SeeState(*watch, "started").maybe_missed());
  EXPECT_EQ(proxy_.counts().strikes, 1);
  EXPECT_EQ(accepted(), 1) << "the connection is as good as before";
}

TEST_F(EventFaultsTest, NothingIsMissedDuringATotalOutage) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  auto wait = BeginWait(id);
  proxy_.StopListening();
  proxy_.CutNow();
  AwaitLog("events of Daytona do not arrive");
  Force(id, "started");
  proxy_.ListenAgain();
  EXPECT_EQ(wait.get(), "started");
  EXPECT_TRUE(SeeState(*watch, "started").maybe_missed());
  AwaitEvents(2);
}

// A router silently forgets the connections through it.
TEST_F(EventFaultsTest, StaleKeepAliveConnectionsThatSwallowEverythingDelayNoWaiter) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  auto wait = BeginWait(id, "");  // a minute
  proxy_.StallNow();
  Force(id, "started");
  EXPECT_EQ(wait.get(), "started");
  EXPECT_TRUE(SeeState(*watch, "started").maybe_missed());
}

TEST_F(EventFaultsTest, EventsDeliverWhileRequestsHang) {
  proxy_.CutNow();  // requests get new connections now
  AwaitEvents(2);
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  proxy_.Add({.action = Action::kStall, .opening = "/api/sandbox", .times = -1});
  auto wait = BeginWait(id);
  Force(id, "started");
  EXPECT_EQ(wait.get(), "started");
  SeeState(*watch, "started");
}

TEST_F(EventFaultsTest, NobodyWaitsLongerThanItsDeadlineWhenEverythingHangs) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  proxy_.Add({.action = Action::kStall, .times = -1});
  proxy_.StallNow();
  std::vector<std::future<std::string>> waits;
  waits.reserve(20);
  for (int i = 0; i < 20; ++i) waits.push_back(BeginWait(id, "timeout { seconds: 1 }"));
  for (auto& wait : waits) EXPECT_EQ(wait.get(), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  v1::WaitSandboxRequest request;
  request.set_sandbox(id);
  request.add_states(v1::SANDBOX_STATE_STARTED);
  EXPECT_THAT(Outcome(CallWithin(seconds(1), sandboxes(), &Stub::WaitSandbox, request).error),
              StartsWith("DEADLINE_EXCEEDED"));
  proxy_.Heal();
  Force(id, "started");
  SeeState(*watch, "started");
}

TEST_F(EventFaultsTest, AfterARestartLostObjectsAreGoneAndNewOnesAreSeen) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  auto wait = BeginWait(id);
  RestartEmulator();
  EXPECT_EQ(wait.get(), "NOT_FOUND SANDBOX_NOT_FOUND");
  const auto rest = watch->Rest();
  EXPECT_EQ(Outcome(rest.error), "OK");
  ASSERT_FALSE(rest.messages.empty());
  EXPECT_TRUE(rest.messages.back().removed());
  EXPECT_EQ(rest.messages.back().sandbox().id(), id);

  AwaitEvents(2);
  const std::string again = BeginSandbox("box");
  EXPECT_NE(again, id);
  const auto watch_again = WatchSandbox("box");
  SeeState(*watch_again, "creating");
  Force(again, "started");
  SeeState(*watch_again, "started");
}

TEST_F(EventFaultsTest, SnapshotsAndVolumesThatChangeWhileEventsAreBrokenAreNotMissed) {
  v1::WatchSnapshotRequest of_snapshot;
  of_snapshot.set_snapshot(MakeSnapshot("built").id());
  WatchStream<v1::WatchSnapshotResponse> snapshot(snapshots(), &Snapshots::WatchSnapshot, of_snapshot);
  EXPECT_EQ(snapshot.Next().snapshot().state(), v1::SNAPSHOT_STATE_ACTIVE);
  v1::WatchVolumeRequest of_volume;
  of_volume.set_volume(MakeVolume("data").id());
  WatchStream<v1::WatchVolumeResponse> volume(volumes(), &Volumes::WatchVolume, of_volume);
  EXPECT_EQ(volume.Next().volume().state(), v1::VOLUME_STATE_READY);

  BreakEvents();
  control().ForceSnapshot(of_snapshot.snapshot(), {{"state", "error"}});
  v1::DeleteVolumeRequest deletion;
  deletion.set_volume(of_volume.volume());
  EXPECT_EQ(Outcome(Call(somebody_else().volumes(), &Volumes::DeleteVolume, deletion).error), "OK");
  EXPECT_TRUE(snapshot
                  .NextThat([](const v1::WatchSnapshotResponse& message) {
                    return message.snapshot().state() == v1::SNAPSHOT_STATE_ERROR;
                  })
                  .maybe_missed());
  const auto rest = volume.Rest();
  EXPECT_EQ(Outcome(rest.error), "OK");
  ASSERT_FALSE(rest.messages.empty());
  EXPECT_TRUE(rest.messages.back().removed());
}

TEST_F(EventFaultsTest, ARevokedKeyEndsWaitsWithThatError) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  auto wait = BeginWait(id);
  control().ChangeKeys({{"revoke", {kApiKey}}});
  EXPECT_EQ(wait.get(), "UNAUTHENTICATED UPSTREAM_REJECTED_CREDENTIAL");
  EXPECT_EQ(watch->End(), "UNAUTHENTICATED UPSTREAM_REJECTED_CREDENTIAL");
}

// Waits for many sandboxes, each by two callers.
class ManyWaitersFaultsTest : public EventFaultsTest {
 protected:
  struct Waits {
    struct One {
      grpc::ClientContext context;
      v1::WaitSandboxRequest request;
      v1::WaitSandboxResponse response;
      grpc::Status status;
    };
    std::deque<One> calls;
    std::atomic<int> done = 0;
  };
  void Begin(Waits& waits, const std::string& id) {
    Waits::One& one = waits.calls.emplace_back();
    one.context.set_deadline(std::chrono::system_clock::now() + seconds(100));
    one.request.set_sandbox(id);
    one.request.add_states(v1::SANDBOX_STATE_STARTED);
    one.request.mutable_timeout();
    sandboxes().async()->WaitSandbox(&one.context, &one.request, &one.response, [&](grpc::Status status) {
      one.status = std::move(status);
      ++waits.done;
    });
  }
};

TEST_F(ManyWaitersFaultsTest, PollingStormDoesNotFollowWhenEventsBreakDuringChanges) {
  constexpr int kSandboxes = 100;
  Waits waits;
  for (int i = 0; i < kSandboxes; ++i) {
    const std::string id = BeginSandbox("box-" + std::to_string(i));
    for (int j = 0; j < 2; ++j) Begin(waits, id);
  }
  control().ResetRequests();
  // In the middle of the events of the first ones.
  proxy_.Add({.action = Action::kCut, .opening = kEvents, .after = 10'000});
  control().ForceSandboxes({{"all", true}, {"state", "started"}});
  ASSERT_TRUE(Eventually([&] { return waits.done == 2 * kSandboxes; }));
  for (const Waits::One& one : waits.calls) {
    EXPECT_TRUE(one.status.ok()) << Outcome(client::ErrorFrom(one.status));
    EXPECT_EQ(one.response.sandbox().state_text(), "started");
    EXPECT_EQ(one.response.sandbox().id(), one.request.sandbox());
    EXPECT_EQ(one.response.sandbox().view(), v1::VIEW_FULL);
  }
  EXPECT_EQ(proxy_.counts().strikes, 1);
  // A list shows the changes, and each changed one is read once.
  EXPECT_LE(control().CountRequests("GET", "/api/sandbox/"), kSandboxes + 10);
}

TEST_F(ManyWaitersFaultsTest, RepeatedBreaksOfEventsLoseNobody) {
  std::vector<std::string> ids;
  Waits waits;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(BeginSandbox("box-" + std::to_string(i)));
    Begin(waits, ids.back());
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i % 10 == 3) proxy_.CutNow(kEvents);
    if (i % 10 == 8) proxy_.CutNow();
    Force(ids[i], "started");
    // Some are changed only once half of the earlier ones are known, others without waiting.
    ASSERT_TRUE(i % 4 != 0 || Eventually([&] { return waits.done > static_cast<int>(i) / 2; }));
  }
  ASSERT_TRUE(Eventually([&] { return waits.done == static_cast<int>(ids.size()); }));
  for (const Waits::One& one : waits.calls) EXPECT_EQ(one.response.sandbox().state_text(), "started");
}

// Upstream pings every 300 ms, and closes the connection if no answer comes within 700 ms.
class ShortPingsTest : public EventFaultsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = EventFaultsTest::emulator_options();
    options.ping_interval = milliseconds(300);
    options.ping_timeout = milliseconds(700);
    return options;
  }
};

TEST_F(ShortPingsTest, AConnectionThatHangsIsReplaced) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  proxy_.StallNow(kEvents);
  Force(id, "started");
  SeeState(*watch, "started");
  AwaitLog("events of Daytona do not arrive");
  AwaitEvents(2);
  Force(id, "stopped");
  SeeState(*watch, "stopped");
}

TEST_F(ShortPingsTest, AConnectionThatLosesItsAnswersIsReplaced) {
  proxy_.Add({.action = Action::kStall, .way = Way::kToServer, .opening = kEvents});
  AwaitLog("events of Daytona do not arrive");
  AwaitEvents(2);
}

class RotatedKeyTest : public EventFaultsTest {
 protected:
  ProcessOptions daemon_options() override {
    WriteKey(kApiKey);
    ProcessOptions options = EventFaultsTest::daemon_options();
    options.environment.erase("DAYTONA_API_KEY");
    return options;
  }
  std::vector<std::string> flags() override { return {"--api-key-file", key_file_}; }

  // Replaced atomically, like a secret.
  void WriteKey(const std::string& key) {
    std::ofstream(key_file_ + ".new") << key << "\n";
    ASSERT_EQ(std::rename((key_file_ + ".new").c_str(), key_file_.c_str()), 0);
  }
  void TearDown() override {
    EventFaultsTest::TearDown();
    std::remove(key_file_.c_str());
  }

  const std::string key_file_ = ::testing::TempDir() + "daytonad-key-" + std::to_string(getpid());
};

TEST_F(RotatedKeyTest, AKeyThatExpiresWhileEventsAreBrokenIsReplaced) {
  const std::string id = BeginSandbox("box");
  const auto watch = WatchSandbox(id);
  SeeState(*watch, "creating");
  auto wait = BeginWait(id);
  BreakEvents();
  control().ChangeKeys({{"accept", {"next-key"}}});
  WriteKey("next-key");
  AwaitLog("the new key is in use");
  control().ChangeKeys({{"revoke", {kApiKey}}});
  proxy_.Heal();
  AwaitEvents(2);
  Force(id, "started");
  EXPECT_EQ(wait.get(), "started");
  SeeState(*watch, "started");
}

}  // namespace
}  // namespace daytonad::testing
