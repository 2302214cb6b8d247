// Upstream's events: they save requests, and nothing is missed when they do not come, come twice or too late, or when
// the connection is refused, cut, silent, or its credential is no longer valid. And what polling costs without events.
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>

#include "daemon/server/testing/temp_directory.h"
#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;

// Many WaitSandbox calls at once.
class ManyWaits {
 public:
  void Begin(v1::DaytonaService::Stub& stub, const std::string& id, v1::SandboxState state) {
    One& one = waits_.emplace_back();
    one.request.set_sandbox(id);
    one.request.add_states(state);
    one.request.mutable_timeout()->set_seconds(0);
    one.context.set_deadline(std::chrono::system_clock::now() + seconds(100));
    stub.async()->WaitSandbox(&one.context, &one.request, &one.response, [this, &one](grpc::Status status) {
      one.status = std::move(status);
      ++done_;
    });
  }

  int done() const { return done_; }
  // Fails the test unless all end with this state.
  void ExpectAll(v1::SandboxState state) {
    ASSERT_TRUE(Eventually([this] { return done_ == static_cast<int>(waits_.size()); }, seconds(100))) << done_;
    for (const One& wait : waits_) {
      EXPECT_TRUE(wait.status.ok()) << wait.status.error_message();
      EXPECT_EQ(wait.response.sandbox().state(), state);
      EXPECT_EQ(wait.response.sandbox().id(), wait.request.sandbox());
      EXPECT_EQ(wait.response.sandbox().view(), v1::VIEW_FULL);
    }
  }

 private:
  struct One {
    grpc::ClientContext context;
    v1::WaitSandboxRequest request;
    v1::WaitSandboxResponse response;
    grpc::Status status;
  };
  std::deque<One> waits_;
  std::atomic<int> done_ = 0;
};

class EventsTest : public SharedStateTest {
 protected:
  void SetUp() override {
    SharedStateTest::SetUp();
    if (has_events()) AwaitEvents();
  }
  virtual bool has_events() const { return true; }

  std::vector<std::string> MakeSandboxes(int count) {
    std::vector<std::string> ids;
    ids.reserve(count);
    std::vector<std::future<std::string>> made;
    made.reserve(count);
    for (int i = 0; i < count; ++i) {
      made.push_back(std::async(std::launch::async, [this] { return MakeSandbox().id(); }));
    }
    for (auto& id : made) ids.push_back(id.get());
    return ids;
  }

  v1::SandboxState StateOf(const std::string& id, const std::string& more = "") {
    return ReadSandbox(id, more).object.state();
  }
  int Gets() { return control().CountRequests("GET", "/api/sandbox/"); }
  int Lists() { return SandboxReads() - Gets(); }
  int Connections() { return control().Events().at("joined").get<int>(); }
  int Accepted() { return control().Events().at("accepted").get<int>(); }

  // Waits for a state that somebody else causes once the wait has begun.
  void ExpectAWaitToEnd(const std::string& id, v1::SandboxState wanted, const std::string& state) {
    ManyWaits wait;
    const auto watch = WatchSandbox(id);
    watch->Next();
    wait.Begin(sandboxes(), id, wanted);
    control().ForceSandbox(id, {{"state", state}});
    wait.ExpectAll(wanted);
    watch->NextThat([&](const v1::WatchSandboxResponse& message) { return message.sandbox().state() == wanted; });
  }
};

TEST_F(EventsTest, WaitsForManyAreEndedByEventsAndCostNoReads) {
  constexpr int kSandboxes = 50;
  const std::vector<std::string> ids = MakeSandboxes(kSandboxes);
  control().ResetRequests();
  const auto began = steady_clock::now();
  ManyWaits waits;
  for (const std::string& id : ids) waits.Begin(sandboxes(), id, v1::SANDBOX_STATE_ARCHIVED);
  // The one poll that makes sure that nothing was missed between the creates and the waits.
  ASSERT_TRUE(Eventually([this] { return Lists() >= 1; }));
  EXPECT_EQ(waits.done(), 0);
  control().ForceSandboxes({{"all", true}, {"state", "archived"}});
  waits.ExpectAll(v1::SANDBOX_STATE_ARCHIVED);
  const auto took = duration_cast<seconds>(steady_clock::now() - began);
  EXPECT_LE(Lists(), took.count() / 10 + 2);
  EXPECT_LE(Gets(), 3);
}

TEST_F(EventsTest, CreatesAndStopsOfManyAreAwaitedWithoutReads) {
  constexpr int kSandboxes = 50;
  control().ResetRequests();
  const auto began = steady_clock::now();
  const std::vector<std::string> ids = MakeSandboxes(kSandboxes);
  std::vector<std::future<std::string>> stops;
  stops.reserve(ids.size());
  for (const std::string& id : ids) {
    stops.push_back(std::async(std::launch::async, [this, id] { return Outcome(Stop(id).error); }));
  }
  for (auto& stop : stops) EXPECT_EQ(stop.get(), "OK");
  const auto took = duration_cast<seconds>(steady_clock::now() - began);
  EXPECT_LE(Lists(), took.count() / 10 + 2);
  EXPECT_LE(Gets(), kSandboxes / 5) << "each would be one, at the least, without events";
}

TEST_F(EventsTest, OneConnectionServesAll) {
  const std::string id = MakeSandbox().id();
  std::vector<std::unique_ptr<SandboxWatch>> watches;
  watches.reserve(10);
  for (int i = 0; i < 10; ++i) watches.push_back(WatchSandbox(id));
  for (const auto& watch : watches) watch->Next();
  EXPECT_EQ(Accepted(), 1);
  EXPECT_THAT(daemon_->log(), Not(HasSubstr(kApiKey)));
}

TEST_F(EventsTest, LostEventsAreNoticedByPolling) {
  const std::string id = MakeSandbox().id();
  control().SetEvents({{"drop", true}});
  ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STOPPED, "stopped");
  EXPECT_GE(control().Events().at("dropped").get<int>(), 1);
}

TEST_F(EventsTest, AWatcherIsToldThatItMayHaveMissedChangesFoundByPolling) {
  const std::string id = MakeSandbox().id();
  const auto watch = WatchSandbox(id);
  watch->Next();
  control().SetEvents({{"drop", true}});
  control().ForceSandbox(id, {{"state", "stopped"}});
  control().ForceSandbox(id, {{"state", "archived"}});
  const auto next = watch->Next();
  EXPECT_TRUE(next.sandbox().state_text() == "stopped" || next.sandbox().state_text() == "archived");
  EXPECT_TRUE(next.maybe_missed());
}

TEST_F(EventsTest, DuplicateEventsAreDeliveredOnce) {
  const std::string id = MakeSandbox().id();
  control().SetEvents({{"duplicate", true}});
  const auto watch = WatchSandbox(id);
  watch->Next();
  int64_t sequence = 1;
  for (const char* state : {"stopped", "started", "archived"}) {
    control().ForceSandbox(id, {{"state", state}});
    const auto next = watch->Next();
    EXPECT_EQ(next.sandbox().state_text(), state);
    EXPECT_EQ(next.sequence(), ++sequence);
  }
}

TEST_F(EventsTest, EventsInTheWrongOrderDoNotHideTheLastState) {
  const std::string id = MakeSandbox().id();
  control().SetEvents({{"reorder", true}, {"duplicate", true}});
  const auto watch = WatchSandbox(id);
  watch->Next();
  for (int i = 0; i < 5; ++i) {
    control().ForceSandbox(id, {{"state", "stopping"}});
    control().ForceSandbox(id, {{"state", "stopped"}});
    control().ForceSandbox(id, {{"state", "starting"}});
    control().ForceSandbox(id, {{"state", "started"}});
  }
  control().ForceSandbox(id, {{"state", "archiving"}});
  control().ForceSandbox(id, {{"state", "archived"}});
  watch->NextThat(
      [](const v1::WatchSandboxResponse& message) { return message.sandbox().state() == v1::SANDBOX_STATE_ARCHIVED; });
  EXPECT_TRUE(Eventually([&] { return StateOf(id) == v1::SANDBOX_STATE_ARCHIVED; }));
}

TEST_F(EventsTest, LateEventsDoNotUndoChangesMadeHere) {
  const v1::Sandbox sandbox = MakeSandbox();
  control().SetEvents({{"delay_ms", 300}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
    EXPECT_EQ(StateOf(sandbox.id()), v1::SANDBOX_STATE_STOPPED);
    EXPECT_EQ(Outcome(Start(sandbox.id()).error), "OK");
    EXPECT_EQ(StateOf(sandbox.id()), v1::SANDBOX_STATE_STARTED);
  }
}

TEST_F(EventsTest, ARefusedConnectionLeavesPolling) {
  for (const char* refusal : {"unauthorized", "http-503"}) {
    control().SetEvents({{"refuse", refusal}, {"cut", true}});
    const std::string id = MakeSandbox().id();
    ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STOPPED, "stopped");
  }
  AwaitLog("events of Daytona do not arrive, polling goes on");
  EXPECT_EQ(Connections(), 0);
}

TEST_F(EventsTest, AfterACutEverythingWatchedIsReadAgainAndWatchersAreTold) {
  const std::vector<std::string> ids = MakeSandboxes(3);
  std::vector<std::unique_ptr<SandboxWatch>> watches;
  for (const std::string& id : ids) {
    watches.push_back(WatchSandbox(id));
    watches.back()->Next();
  }
  control().SetEvents({{"refuse", "http-503"}, {"cut", true}});
  AwaitLog("events of Daytona do not arrive");
  control().ForceSandbox(ids[0], {{"state", "stopped"}});
  const auto next = watches[0]->Next();
  EXPECT_EQ(next.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
  EXPECT_TRUE(next.maybe_missed());

  control().SetEvents({{"refuse", nullptr}});
  AwaitEvents(2);
  ASSERT_TRUE(Eventually([this] { return Connections() == 1; }));
  // The refresh: each is read at once. After it there are no requests, and events arrive again.
  for (const std::string& id : ids) {
    control().ForceSandbox(id, {{"state", "archived"}});
  }
  for (const auto& watch : watches) {
    EXPECT_TRUE(watch->Next().maybe_missed()) << "the first since they arrive again";
  }
  for (const std::string& id : ids) control().ForceSandbox(id, {{"state", "started"}});
  for (const auto& watch : watches) {
    EXPECT_EQ(watch->Next().sandbox().state(), v1::SANDBOX_STATE_STARTED);
  }
}

TEST_F(EventsTest, ManyCutsLoseNothing) {
  const std::string id = MakeSandbox().id();
  const auto watch = WatchSandbox(id);
  watch->Next();
  for (int i = 0; i < 6; ++i) {
    const std::string state = i % 2 == 0 ? "stopped" : "started";
    if (i % 3 == 0) control().SetEvents({{"cut", true}});
    control().ForceSandbox(id, {{"state", state}});
    if (i % 3 == 1) control().SetEvents({{"disconnect", true}});
    if (i % 3 == 2) control().SetEvents({{"garbage", "5{]"}});
    watch->NextThat([&](const v1::WatchSandboxResponse& message) { return message.sandbox().state_text() == state; });
  }
}

class ImpatientEventsTest : public EventsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.ping_interval = milliseconds(300);
    options.ping_timeout = milliseconds(300);
    return options;
  }
};

TEST_F(ImpatientEventsTest, ASilentConnectionIsReplaced) {
  const std::string id = MakeSandbox().id();
  control().SetEvents({{"silent", true}});
  ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STOPPED, "stopped");
  AwaitLog("silent for too long");
  control().SetEvents({{"silent", false}});
  AwaitEvents(2);
  EXPECT_GE(Accepted(), 2);
  ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STARTED, "started");
}

TEST_F(ImpatientEventsTest, PingsAreAnswered) {
  const std::string id = MakeSandbox().id();
  const auto watch = WatchSandbox(id);
  watch->Next();
  // The second check is more than two seconds later. By then the emulator would have ended a connection that does not
  // answer.
  ASSERT_TRUE(Eventually([&] { return control().CountRequests("GET", id) >= 2; }));
  EXPECT_EQ(Accepted(), 1);
  EXPECT_EQ(Connections(), 1);
}

class RotatedKeyTest : public EventsTest {
 protected:
  ProcessOptions daemon_options() override {
    WriteKey(kApiKey);
    ProcessOptions options = EventsTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--api-key-file", key_file()});
    options.environment.clear();
    return options;
  }
  std::string key_file() const { return directory_.path() + "/key"; }
  void WriteKey(const std::string& key) const {
    std::ofstream(key_file() + ".new") << key;
    std::filesystem::permissions(key_file() + ".new", std::filesystem::perms::owner_read);
    std::filesystem::rename(key_file() + ".new", key_file());
  }

 private:
  TempDirectory directory_;
};

TEST_F(RotatedKeyTest, EventsAndReadsGoOnWithTheNewKey) {
  const std::string id = MakeSandbox().id();
  const auto watch = WatchSandbox(id);
  watch->Next();
  control().ChangeKeys({{"accept", {"the-new-key"}}});
  WriteKey("the-new-key");
  ASSERT_TRUE(Eventually([this] { return Accepted() >= 2 && Connections() == 1; }))
      << "it comes again, with the new key, while the old one is still good";
  control().ChangeKeys({{"revoke", {kApiKey}}});
  EXPECT_EQ(Connections(), 1) << "no connection was the old key's";
  EXPECT_EQ(ReadSandbox(id, kAskUpstream).outcome, "OK");
  for (const char* state : {"stopped", "started"}) {
    control().ForceSandbox(id, {{"state", state}});
    watch->NextThat([&](const v1::WatchSandboxResponse& message) { return message.sandbox().state_text() == state; });
  }
  EXPECT_THAT(daemon_->log(), Not(HasSubstr("the-new-key")));
}

TEST_F(RotatedKeyTest, AKeyRevokedEarlyStopsEventsOnlyUntilThereIsANewOne) {
  const std::string id = MakeSandbox().id();
  control().ChangeKeys({{"accept", {"the-new-key"}}, {"revoke", {kApiKey}}});
  ASSERT_TRUE(Eventually([this] { return Connections() == 0; }));
  WriteKey("the-new-key");
  ASSERT_TRUE(Eventually([this] { return Connections() == 1; }));
  ASSERT_TRUE(Eventually([&] { return ReadSandbox(id, kAskUpstream).outcome == "OK"; }));
  ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STOPPED, "stopped");
}

// --- Without events ---

class PollingTest : public EventsTest {
 protected:
  bool has_events() const override { return false; }
  std::vector<std::string> flags() override { return {"--events", "off"}; }
};

TEST_F(PollingTest, NoConnectionIsOpened) {
  const std::string id = MakeSandbox().id();
  ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STOPPED, "stopped");
  EXPECT_EQ(Accepted(), 0);
  EXPECT_EQ(control().CountRequests("GET", "socket.io"), 0);
}

class DeprecatedPollingTest : public PollingTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = PlainDaemonFor(emulator_->url());
    options.environment["DAYTONA_USE_DEPRECATED_POLLING"] = "true";
    return options;
  }
};

TEST_F(DeprecatedPollingTest, TheSdksSwitchHasTheSameEffect) {
  const std::string id = MakeSandbox().id();
  ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STOPPED, "stopped");
  EXPECT_EQ(Accepted(), 0);
}

class NoGatewayTest : public PollingTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.events = false;
    return options;
  }
  std::vector<std::string> flags() override { return {}; }
};

TEST_F(NoGatewayTest, AnApiWithoutEventsIsPolled) {
  AwaitLog("events of Daytona do not arrive");
  const std::string id = MakeSandbox().id();
  ExpectAWaitToEnd(id, v1::SANDBOX_STATE_STOPPED, "stopped");
}

TEST_F(PollingTest, ADeletionIsSeenWithinSecondsHoweverManyAreWatched) {
  const std::vector<std::string> ids = MakeSandboxes(40);
  std::vector<std::unique_ptr<SandboxWatch>> watches;
  for (const std::string& id : ids) watches.push_back(WatchSandbox(id));
  for (const auto& watch : watches) watch->Next();
  // An object missing from a list is read at once, long before its own poll would be due.
  control().ResetRequests();
  std::vector<std::future<std::string>> deleted;
  for (size_t i = 0; i < 20; ++i) {
    deleted.push_back(std::async(std::launch::async, [&, i] { return Outcome(Delete(ids[i], "wait: true").error); }));
  }
  for (auto& outcome : deleted) EXPECT_EQ(outcome.get(), "OK");
  for (size_t i = 0; i < 20; ++i) {
    const auto rest = watches[i]->Rest();
    EXPECT_EQ(Outcome(rest.error), "OK");
    ASSERT_FALSE(rest.messages.empty());
    EXPECT_TRUE(rest.messages.back().removed());
  }
  EXPECT_LE(Gets(), 20 * 20);
}

TEST_F(PollingTest, DeletionsBySomebodyElseAreSeenToo) {
  const std::vector<std::string> ids = MakeSandboxes(8);
  std::vector<std::unique_ptr<SandboxWatch>> watches;
  for (const std::string& id : ids) watches.push_back(WatchSandbox(id));
  for (const auto& watch : watches) watch->Next();
  AsSomebodyElse([&] { return Outcome(Delete(ids[3], "wait: true").error); });
  const auto rest = watches[3]->Rest();
  ASSERT_FALSE(rest.messages.empty());
  EXPECT_TRUE(rest.messages.back().removed());
}

// Row polling-storm: the cost of waiting depends on time, not on the number of waiters.
TEST_F(PollingTest, PollingStormOfTwoHundredWaitersForFiftySandboxesIsOneListAtATime) {
  constexpr int kSandboxes = 50;
  constexpr int kWaiters = 200;
  const std::vector<std::string> ids = MakeSandboxes(kSandboxes);
  control().ResetRequests();
  const auto began = steady_clock::now();
  ManyWaits waits;
  for (int i = 0; i < kWaiters; ++i) waits.Begin(sandboxes(), ids[i % kSandboxes], v1::SANDBOX_STATE_ARCHIVED);
  ASSERT_TRUE(Eventually([this] { return Lists() >= 5; }));
  EXPECT_EQ(waits.done(), 0);
  // docs/coherence.md: at most one list per 250 ms.
  const auto rounds = [&] { return (steady_clock::now() - began) / milliseconds(250); };
  EXPECT_LE(Lists(), rounds() + 2);
  EXPECT_LE(Gets(), 4) << "the first few, before there were enough for a list";
  control().ForceSandboxes({{"all", true}, {"state", "archived"}});
  waits.ExpectAll(v1::SANDBOX_STATE_ARCHIVED);
  EXPECT_LE(Lists(), rounds() + 2);
  EXPECT_LE(Gets(), 4 + kSandboxes) << "none but those that a list shows as changed";
}

// Row polling-storm: nor on the number of waiters for the same one.
TEST_F(PollingTest, PollingStormOfAHundredWaitersForFourSandboxesIsAGetForEach) {
  constexpr int kSandboxes = 4;
  constexpr int kWaiters = 100;
  const std::vector<std::string> ids = MakeSandboxes(kSandboxes);
  control().ResetRequests();
  const auto began = steady_clock::now();
  ManyWaits waits;
  for (int i = 0; i < kWaiters; ++i) waits.Begin(sandboxes(), ids[i % kSandboxes], v1::SANDBOX_STATE_ARCHIVED);
  ASSERT_TRUE(Eventually([this] { return Gets() >= 5 * kSandboxes; }));
  EXPECT_EQ(waits.done(), 0);
  control().ForceSandboxes({{"all", true}, {"state", "archived"}});
  waits.ExpectAll(v1::SANDBOX_STATE_ARCHIVED);
  // docs/coherence.md: each at most once per 100 ms.
  const auto rounds = (steady_clock::now() - began) / milliseconds(100);
  EXPECT_LE(Gets(), kSandboxes * (rounds + 2));
  EXPECT_EQ(Lists(), 0);
}

}  // namespace
}  // namespace daytonad::testing
