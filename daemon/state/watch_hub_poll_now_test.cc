#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "daemon/state/testing/watch_hub_fixture.h"
#include "daemon/state/watch_hub.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

// --- PollNow ---

TEST_F(WatchHubTest, PollNowIsAnsweredEvenIfNothingChanged) {
  Upstream(SandboxIn("a", "started"));
  Watcher& asking = Open("a");
  const Watcher& other = Open("a");
  asking.watch->PollNow();
  Settle();
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  ASSERT_THAT(asking.seen, SizeIs(2));
  EXPECT_TRUE(asking.last().fresh);
  EXPECT_FALSE(asking.last().maybe_missed);
  EXPECT_EQ(asking.seen[0].object, asking.seen[1].object);
  EXPECT_THAT(other.seen, SizeIs(2));
}

TEST_F(WatchHubTest, ManyMayCallPollNowAtOnce) {
  OpenMany(100);
  upstream_.gate = std::make_shared<daytonad::Event>();
  upstream_.list_gate = std::make_shared<daytonad::Event>();
  for (Watcher& watcher : watchers_) watcher.watch->PollNow();
  Settle();
  EXPECT_EQ(upstream_.most_in_flight, 16);
  upstream_.gate->Fire();
  upstream_.list_gate->Fire();
  Pass(seconds(1));
  for (const Watcher& watcher : watchers_) EXPECT_THAT(watcher.seen, SizeIs(Ge(2)));
  EXPECT_LE(upstream_.most_in_flight, 16);
}

TEST_F(WatchHubTest, AListThatHangsDoesNotDelayPollNow) {
  OpenMany(10);
  upstream_.list_gate = std::make_shared<daytonad::Event>();
  Pass(milliseconds(300));
  ASSERT_THAT(upstream_.lists, SizeIs(Ge(1)));
  watchers_[3].watch->PollNow();
  Settle();
  EXPECT_THAT(watchers_[3].seen, SizeIs(2));
}

TEST_F(WatchHubTest, AFailedPollNowIsRepeatedSoonEvenWhileEventsAreUp) {
  SetEvents(true);
  Upstream(SandboxIn("a", "starting"));
  Watcher& watcher = Open("a");
  Pass(seconds(120), milliseconds(50));
  upstream_.get_error = absl::UnavailableError("down");
  watcher.watch->PollNow();
  Settle();
  upstream_.get_error = absl::OkStatus();
  Pass(seconds(1));
  EXPECT_THAT(watcher.seen, SizeIs(2));
}

TEST_F(WatchHubTest, PollNowOfADeletedObjectIsAnsweredAtOnce) {
  Upstream(SandboxIn("a", "started"));
  Watcher& watcher = Open("a");
  Event(SandboxIn("a", "destroyed"));
  const size_t gets = upstream_.gets.size();
  watcher.watch->PollNow();
  Read(watcher);
  ASSERT_THAT(watcher.seen, SizeIs(3));
  EXPECT_TRUE(absl::IsNotFound(watcher.last().status));
  EXPECT_THAT(upstream_.gets, SizeIs(gets));
}

TEST_F(WatchHubTest, APollFromBeforeAMutationDoesNotShowTheOldState) {
  Upstream(SandboxIn("a", "started"));
  Watcher& watcher = Open("a");
  upstream_.gate = std::make_shared<daytonad::Event>();
  watcher.watch->PollNow();
  Settle();
  const auto mutation = cache_.BeginMutation("a");
  Upstream(SandboxIn("a", "stopping", 2));
  cache_.EndMutation(mutation, &upstream_.objects["a"], clock_.Now());
  Settle();
  ASSERT_THAT(watcher.seen, SizeIs(2));
  watcher.watch->PollNow();
  upstream_.gate->Fire();
  Settle();
  EXPECT_THAT(watcher.seen, SizeIs(2)) << "the requested poll is still to come";
  Pass(milliseconds(100));
  ASSERT_THAT(watcher.seen, SizeIs(3));
  EXPECT_EQ(watcher.state(), "stopping");
}

TEST_F(WatchHubTest, APollThatALateEventOvertakesIsRepeated) {
  Upstream(SandboxIn("a", "started", 1));
  Watcher& watcher = Open("a");
  upstream_.gate = std::make_shared<daytonad::Event>();
  Upstream(SandboxIn("a", "stopped", 3));
  watcher.watch->PollNow();
  Settle();
  Observe(SandboxIn("a", "stopping", 2), ObservationSource::kEvent);
  watcher.watch->PollNow();
  upstream_.gate->Fire();
  Settle();
  EXPECT_EQ(watcher.state(), "stopping");
  Pass(milliseconds(100));
  EXPECT_EQ(watcher.state(), "stopped");
}

TEST_F(WatchHubTest, APollThatUpstreamAnswersFromItsCacheIsRepeatedAfterPauses) {
  for (const bool events : {true, false}) {
    SetEvents(events);
    const std::string id = events ? "a" : "b";
    Upstream(SandboxIn(id, "starting", 1));
    Watcher& watcher = Open(id);
    Observe(SandboxIn(id, "started", 2), ObservationSource::kEvent);
    Settle();
    upstream_.gets.clear();
    watcher.watch->PollNow();
    Pass(seconds(5));
    EXPECT_EQ(watcher.state(), "started");
    EXPECT_THAT(watcher.seen, SizeIs(2));
    EXPECT_THAT(upstream_.gets, SizeIs(Ge(5)));
    EXPECT_THAT(upstream_.gets, SizeIs(Le(15)));
    Upstream(SandboxIn(id, "started", 2));
    Pass(milliseconds(1100));
    EXPECT_THAT(watcher.seen, SizeIs(3)) << "this is the requested poll";
    Leave(watcher);
  }
}

TEST_F(WatchHubTest, ChangedTimesAreNotObserved) {
  Upstream(SandboxIn("a", "started", 5));
  const Watcher& watcher = Open("a");
  Event(SandboxIn("a", "started", 6));
  Upstream(SandboxIn("a", "started", 7));
  Pass(seconds(3));
  EXPECT_THAT(watcher.seen, SizeIs(1));
}

TEST_F(WatchHubTest, PollNowShowsChangedTimes) {
  Upstream(SandboxIn("a", "started", 5));
  Watcher& watcher = Open("a");
  Upstream(SandboxIn("a", "started", 6));
  watcher.watch->PollNow();
  Settle();
  ASSERT_THAT(watcher.seen, SizeIs(2));
  EXPECT_EQ(watcher.last().object->updated_at().seconds(), 6);
}

}  // namespace
}  // namespace daytonad
