// Waits over connections that break, and many calls at once meanwhile. Test names contain rows of the users'
// complaints.
#include <atomic>
#include <deque>
#include <future>
#include <string>
#include <vector>

#include "tests/faults/fault_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::StartsWith;
using Volumes = v1::VolumeService::Stub;

class WaitFaultsTest : public SlowFaultTest {
 protected:
  // Waits until the daemon has polled it once more.
  bool LookedAgain(const std::string& id) {
    const int before = control().CountRequests("GET", id);
    return Eventually([&] { return control().CountRequests("GET", id) > before; });
  }
};

TEST_F(WaitFaultsTest, AWaitOutlivesItsConnections) {
  const std::string id = BeginSandbox("box");
  auto wait = BeginWait(id);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(LookedAgain(id));
    proxy_.CutNow();
    ASSERT_TRUE(LookedAgain(id));
    proxy_.EndNow();
  }
  proxy_.Add({.action = Action::kCut, .after = 30, .times = 3});
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().strikes == 3; }));
  proxy_.Add({.action = Action::kReplace, .times = 3, .find = "HTTP/1.1", .with = "####/1.1"});
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().strikes == 6; }));
  EXPECT_EQ(wait.wait_for(seconds(0)), std::future_status::timeout);
  control().ForceSandbox(id, {{"state", "started"}});
  EXPECT_EQ(wait.get(), "started");
}

TEST_F(WaitFaultsTest, AStateReachedDuringAnOutageIsNotMissed) {
  for (const bool listening : {true, false}) {
    const std::string id = BeginSandbox(listening ? "one" : "two");
    auto wait = BeginWait(id);
    ASSERT_TRUE(LookedAgain(id));
    listening ? proxy_.RefuseConnections(true) : proxy_.StopListening();
    proxy_.CutNow();
    control().ForceSandbox(id, {{"state", "started"}});
    const int before = proxy_.counts().accepted;
    ASSERT_TRUE(!listening || Eventually([&] { return proxy_.counts().accepted > before; }));
    listening ? proxy_.RefuseConnections(false) : proxy_.ListenAgain();
    EXPECT_EQ(wait.get(), "started");
  }
}

TEST_F(WaitFaultsTest, AWaitEndsInTimeWhenNothingIsAnswered) {
  const std::string id = BeginSandbox("box");
  proxy_.Add({.action = Action::kStall, .times = -1});
  EXPECT_EQ(Outcome(Wait(id, "states: SANDBOX_STATE_STARTED timeout { seconds: 1 }").error),
            "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_TRUE(Eventually([this] { return proxy_.counts().stalled == 0; })) << "the daemon hangs on";
  proxy_.Heal();
  control().ForceSandbox(id, {{"state", "started"}});
  EXPECT_EQ(BeginWait(id).get(), "started");
}

TEST_F(WaitFaultsTest, ADelayedAnswerStillCounts) {
  const std::string id = BeginSandbox("box");
  proxy_.Add({.action = Action::kStall, .after = 100});
  auto wait = BeginWait(id);
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().stalled == 1; }));
  control().ForceSandbox(id, {{"state", "started"}});
  proxy_.Heal();
  EXPECT_EQ(wait.get(), "started");
}

TEST_F(WaitFaultsTest, ASandboxThatIsLostInARestartIsGone) {
  const std::string id = BeginSandbox("box");
  auto wait = BeginWait(id);
  auto gone = std::async(std::launch::async, [&] { return Wait(id, "states: SANDBOX_STATE_DESTROYED timeout {}"); });
  ASSERT_TRUE(LookedAgain(id));
  RestartEmulator();
  EXPECT_EQ(wait.get(), "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(gone.get().value.sandbox().state(), v1::SANDBOX_STATE_DESTROYED);
}

TEST_F(WaitFaultsTest, PollingStormOfManyWaitersOutlivesItsConnections) {
  const std::string id = BeginSandbox("box");
  std::vector<std::future<std::string>> waits;
  waits.reserve(100);
  for (int i = 0; i < 100; ++i) waits.push_back(BeginWait(id));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(LookedAgain(id));
    i % 2 == 0 ? proxy_.CutNow() : proxy_.EndNow();
  }
  control().ForceSandbox(id, {{"state", "started"}});
  for (auto& wait : waits) EXPECT_EQ(wait.get(), "started");
}

// Each attempt ends after a second.
class ShortWaitsTest : public WaitFaultsTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = WaitFaultsTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--request-timeout", "1s"});
    return options;
  }
};

TEST_F(ShortWaitsTest, AWaitOutlivesAConnectionThatHangs) {
  const std::string id = BeginSandbox("box");
  auto wait = BeginWait(id);
  ASSERT_TRUE(LookedAgain(id));
  // More than the attempts of one poll.
  proxy_.Add({.action = Action::kStall, .times = 6});
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().strikes == 6; }));
  control().ForceSandbox(id, {{"state", "started"}});
  EXPECT_EQ(wait.get(), "started");
}

// Upstream withholds the answer of a create until the sandbox is started.
class HeldCreateTest : public FaultTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = FaultTest::emulator_options();
    options.delays.create = seconds(2);
    return options;
  }
};

TEST_F(HeldCreateTest, AmbiguousCreateThatBreaksWhileUpstreamHoldsItIsMadeOnce) {
  for (const bool orderly : {false, true}) {
    const std::string name = orderly ? "one" : "two";
    control().ResetRequests();
    auto creating = std::async(std::launch::async, [&] { return Create("spec { name: '" + name + "' }"); });
    ASSERT_TRUE(Eventually([this] { return control().in_progress() == 1; }));
    orderly ? proxy_.EndNow() : proxy_.CutNow();
    const auto created = creating.get();
    EXPECT_EQ(Outcome(created.error), "OK");
    EXPECT_EQ(created.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
    EXPECT_EQ(CountSandboxes(name), 1);
    EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 2);
  }
}

class FewConnectionsFaultTest : public FaultTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = FaultTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--max-connections", "6", "--max-creates", "3"});
    return options;
  }

  // Reads of that many different volumes, all at once.
  struct Reads {
    struct One {
      grpc::ClientContext context;
      v1::GetVolumeRequest request;
      v1::GetVolumeResponse response;
      grpc::Status status;
    };
    std::deque<One> calls;
    std::atomic<int> done = 0;
  };
  void Begin(Reads& reads, int count) {
    for (int i = 0; i < count; ++i) {
      Reads::One& one = reads.calls.emplace_back();
      one.context.set_deadline(std::chrono::system_clock::now() + seconds(100));
      one.request.set_volume("volume-" + std::to_string(i));
      volumes().async()->GetVolume(&one.context, &one.request, &one.response, [&](grpc::Status status) {
        one.status = std::move(status);
        ++reads.done;
      });
    }
  }
};

// Rows starved-pool-says-401 and three-pools.
TEST_F(FewConnectionsFaultTest, ThreePoolsAndAStarvedOneSays401NeverToFiveHundredCallers) {
  constexpr int kCalls = 500;
  for (int i = 0; i < kCalls; i += 50) MakeVolume("volume-" + std::to_string(i));
  proxy_.CutNow();
  const int before = proxy_.counts().accepted;
  Reads reads;
  Begin(reads, kCalls);
  for (int i = 0; i < 5; ++i) {
    const int done = reads.done;
    ASSERT_TRUE(Eventually([&] { return reads.done > done || reads.done == kCalls; }));
    // At most one in each connection: a read is repeated, and no other call is affected.
    proxy_.CutNow();
    EXPECT_EQ(Outcome(Create("").error), "OK") << "reads don't starve creates";
  }
  ASSERT_TRUE(Eventually([&] { return reads.done == kCalls; }));
  int found = 0;
  for (const Reads::One& one : reads.calls) {
    const std::string outcome = one.status.ok() ? "OK" : Outcome(client::ErrorFrom(one.status));
    const bool exists = std::stoi(one.request.volume().substr(7)) % 50 == 0;
    EXPECT_EQ(outcome, exists ? "OK" : "NOT_FOUND VOLUME_NOT_FOUND");
    found += static_cast<int>(one.status.ok() && one.response.volume().name() == one.request.volume());
  }
  EXPECT_EQ(found, kCalls / 50);
  // 6 and 3, and one for events.
  EXPECT_LE(proxy_.counts().most_open, 10);
  EXPECT_LE(proxy_.counts().accepted - before, 100) << "connections are kept";
}

// A broken call frees its connection slot.
TEST_F(FewConnectionsFaultTest, StarvedPoolsDoNotComeFromConnectionsThatBroke) {
  MakeVolume("volume-0");
  for (int round = 0; round < 3; ++round) {
    proxy_.Add({.action = round == 0 ? Action::kCut : Action::kEnd, .after = 20, .times = 30});
    Reads broken;
    Begin(broken, 50);
    ASSERT_TRUE(Eventually([&] { return broken.done == 50; }));
    proxy_.Heal();
    proxy_.Add({.action = Action::kStall, .times = -1});
    std::vector<std::future<std::string>> stalled;
    stalled.reserve(20);
    for (int i = 0; i < 20; ++i) {
      stalled.push_back(std::async(std::launch::async, [this, i] {
        v1::GetVolumeRequest request;
        request.set_volume("stalled-" + std::to_string(i));
        return Outcome(CallWithin(seconds(1), volumes(), &Volumes::GetVolume, request).error);
      }));
    }
    for (auto& call : stalled) EXPECT_THAT(call.get(), StartsWith("DEADLINE_EXCEEDED"));
    proxy_.Heal();
    Reads after;
    Begin(after, 50);
    ASSERT_TRUE(Eventually([&] { return after.done == 50; }));
    EXPECT_TRUE(after.calls.front().status.ok()) << after.calls.front().status.error_message();
  }
}

}  // namespace
}  // namespace daytonad::testing
