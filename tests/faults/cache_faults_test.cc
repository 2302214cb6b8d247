// Answers from memory while connections break: never older than docs/coherence.md promises.
#include <chrono>
#include <string>
#include <vector>

#include "tests/faults/fault_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class CacheFaultsTest : public EventFaultTest {
 protected:
  static constexpr seconds kWithoutEvents{1};
  static constexpr seconds kWithEvents{4};

  std::vector<std::string> flags() override { return {"--cache-lifetime", "1s", "--cache-lifetime-with-events", "4s"}; }

  // Creates "box", which is "started" and in memory.
  std::string KnownSandbox() {
    std::string id = BeginSandbox("box");
    control().ForceSandbox(id, {{"state", "started"}});
    EXPECT_EQ(ReadSandbox(id, kAskUpstream).object.state_text(), "started");
    EXPECT_EQ(ReadSandbox(id).source, "hit");
    return id;
  }

  // Reads until `is_new`, and checks the promise for each read: one begun later than `bound` after `changed`, the time
  // of the change, does not show the old state.
  template <typename IsNew>
  void ReadUntil(const std::string& id_or_name, steady_clock::time_point changed, milliseconds bound, IsNew is_new) {
    int hits = 0;
    while (true) {
      const auto begun = steady_clock::now();
      const Read<v1::Sandbox> read = ReadSandbox(id_or_name);
      if (is_new(read)) break;
      hits += static_cast<int>(read.source == "hit");
      ASSERT_LE(begun - changed, bound) << read.outcome << " " << read.object.state_text() << " " << read.source
                                        << " of age " << read.age;
    }
    EXPECT_GT(hits, 0) << "nothing was old: nothing was tested";
  }
  void ReadUntilStopped(const std::string& id, steady_clock::time_point changed, milliseconds bound) {
    ReadUntil(id, changed, bound, [](const Read<v1::Sandbox>& read) { return read.object.state_text() == "stopped"; });
  }
};

TEST_F(CacheFaultsTest, WhenEventsBreakAnswersAreAsShortLivedAsWithoutThem) {
  const std::string id = KnownSandbox();
  BreakEvents();
  EXPECT_EQ(ReadSandbox(id, kAskUpstream).object.state_text(), "started");
  control().ForceSandbox(id, {{"state", "stopped"}});
  ReadUntilStopped(id, steady_clock::now(), kWithoutEvents);
}

TEST_F(CacheFaultsTest, WhenEventsHangUnnoticedAnswersLiveNoLongerThanWithEvents) {
  const std::string id = KnownSandbox();
  proxy_.StallNow(kEvents);
  control().ForceSandbox(id, {{"state", "stopped"}});
  ReadUntilStopped(id, steady_clock::now(), kWithEvents);
}

TEST_F(CacheFaultsTest, RestoredEventsDoNotConfirmEarlierKnowledge) {
  const std::string id = KnownSandbox();
  BreakEvents();
  control().ForceSandbox(id, {{"state", "stopped"}});
  const auto changed = steady_clock::now();
  proxy_.Heal();
  AwaitEvents(2);
  const auto begun = steady_clock::now();
  const Read<v1::Sandbox> read = ReadSandbox(id);
  EXPECT_TRUE(read.object.state_text() == "stopped" || begun - changed <= kWithoutEvents) << read.age;
}

TEST_F(CacheFaultsTest, ObjectsLostInARestartAreForgottenInTime) {
  const std::string id = KnownSandbox();
  RestartEmulator();
  const auto changed = steady_clock::now();
  AwaitLog("events of Daytona do not arrive");
  while (true) {
    const auto begun = steady_clock::now();
    const Read<v1::Sandbox> read = ReadSandbox(id);
    if (read.outcome == "NOT_FOUND SANDBOX_NOT_FOUND") break;
    ASSERT_EQ(read.outcome, "OK");
    ASSERT_LE(begun - changed, kWithoutEvents);
  }
  // The name now belongs to another one.
  const std::string again = BeginSandbox("box");
  EXPECT_EQ(ReadSandbox("box").object.id(), again);
  EXPECT_EQ(ReadSandbox(id).outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(CacheFaultsTest, WhenUpstreamHangsOldStateIsNotAnAnswer) {
  const std::string id = KnownSandbox();
  proxy_.CutNow();
  proxy_.Add({.action = Action::kStall, .times = -1});
  const auto changed = steady_clock::now();
  v1::GetSandboxRequest request;
  request.set_sandbox(id);
  while (true) {
    const auto begun = steady_clock::now();
    const auto read = CallWithin(milliseconds(500), sandboxes(), &Stub::GetSandbox, request);
    if (!read.ok()) {
      EXPECT_THAT(Outcome(read.error), ::testing::StartsWith("DEADLINE_EXCEEDED"));
      break;
    }
    ASSERT_LE(begun - changed, kWithEvents);
  }
}

TEST_F(CacheFaultsTest, ADelayedAnswerIsNotOlderThanAnswersGivenMeanwhile) {
  const std::string id = KnownSandbox();
  proxy_.CutNow();  // requests get new connections now
  AwaitEvents(2);
  proxy_.Add({.action = Action::kStall, .opening = "/api/sandbox"});
  auto hanging = std::async(std::launch::async, [&] { return ReadSandbox(id, kAskUpstream); });
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().stalled == 1; }));
  control().ForceSandbox(id, {{"state", "stopped"}});
  ASSERT_TRUE(Eventually([&] { return ReadSandbox(id, kUpToAnHour).object.state_text() == "stopped"; }));
  proxy_.Heal();
  EXPECT_EQ(hanging.get().object.state_text(), "stopped");
}

// Sandboxes change state quickly, and upstream's events arrive half a second later.
class LateEventsTest : public CacheFaultsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(); }
};

TEST_F(LateEventsTest, YouReadYourWritesWhenEventsAreSlow) {
  proxy_.Add({.action = Action::kSlow, .opening = kEvents, .delay = milliseconds(100)});
  const std::string id = Create("spec { name: 'box' }").value.sandbox().id();
  // Until the event of a change has arrived, and longer: each read shows the last change.
  const auto reads_are = [&](const std::string& state) {
    const std::size_t before = proxy_.bytes(Way::kToClient, kEvents);
    bool heard = false;
    for (int i = 0; i < 50 || (!heard && i < 2000); ++i) {
      EXPECT_EQ(ReadSandbox(id).object.state_text(), state);
      EXPECT_EQ(ReadSandbox("box").object.state_text(), state);
      heard = heard || proxy_.bytes(Way::kToClient, kEvents) > before;
    }
  };
  reads_are("started");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Outcome(Stop(id).error), "OK");
    reads_are("stopped");
    EXPECT_EQ(Outcome(Start(id).error), "OK");
    reads_are("started");
  }
  EXPECT_EQ(Outcome(Delete(id, "wait: true").error), "OK");
  EXPECT_EQ(ReadSandbox(id).outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(ReadSandbox("box").outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
}

}  // namespace
}  // namespace daytonad::testing
