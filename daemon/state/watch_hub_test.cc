#include "daemon/state/watch_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "daemon/base/error.h"
#include "daemon/state/testing/watch_hub_fixture.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- The first observation ---

TEST_F(WatchHubTest, AFreshCachedObjectIsTheFirstObservation) {
  Upstream(SandboxIn("a", "started"));
  Observe(SandboxIn("a", "started"), ObservationSource::kRead);
  const Watcher& watcher = Open("name-of-a");
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_EQ(watcher.state(), "started");
  EXPECT_TRUE(watcher.last().fresh);
  EXPECT_FALSE(watcher.last().maybe_missed);
  EXPECT_THAT(upstream_.gets, IsEmpty());
}

TEST_F(WatchHubTest, AStaleCachedObjectIsObservedAsStaleAndPolled) {
  Upstream(SandboxIn("a", "started", 2));
  Observe(SandboxIn("a", "starting"), ObservationSource::kRead);
  Pass(seconds(5), seconds(5));
  const Watcher& watcher = Open("a");
  ASSERT_THAT(watcher.seen, SizeIs(2));
  EXPECT_EQ(watcher.seen[0].object->state_text(), "starting");
  EXPECT_FALSE(watcher.seen[0].fresh);
  EXPECT_EQ(watcher.state(), "started");
  EXPECT_TRUE(watcher.last().fresh);
  EXPECT_THAT(upstream_.gets, SizeIs(1));
}

TEST_F(WatchHubTest, AStaleNameIsReadFirst) {
  Observe(SandboxIn("a", "started"), ObservationSource::kRead);
  v1::Sandbox next = SandboxIn("b", "starting");
  next.set_name("name-of-a");
  Upstream(next);
  Pass(seconds(5), seconds(5));
  const Watcher& watcher = Open("name-of-a");
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_EQ(watcher.last().object->id(), "b");
}

TEST_F(WatchHubTest, AnUncachedObjectIsReadOnce) {
  Upstream(SandboxIn("a", "started"));
  const Watcher& watcher = Open("name-of-a");
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_EQ(watcher.state(), "started");
  EXPECT_TRUE(watcher.last().fresh);
  EXPECT_THAT(upstream_.gets, SizeIs(1));
}

TEST_F(WatchHubTest, AnObjectThatIsKnownToBeGoneIsNotRead) {
  Observe(SandboxIn("a", "destroyed"), ObservationSource::kEvent);
  const Watcher& watcher = Open("a");
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_TRUE(absl::IsNotFound(watcher.last().status));
  EXPECT_TRUE(watcher.last().fresh);
  EXPECT_EQ(watcher.state(), "destroyed");
  EXPECT_THAT(upstream_.gets, IsEmpty());
}

TEST_F(WatchHubTest, NotFoundIsObservedAndReadAgainAfterAPause) {
  Watcher& watcher = Open("a");
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_TRUE(absl::IsNotFound(watcher.last().status));
  Read(watcher);
  EXPECT_THAT(upstream_.gets, SizeIs(1));
  Pass(milliseconds(100));
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  Event(SandboxIn("a", "creating"));
  Read(watcher);
  Pass(milliseconds(200));
  EXPECT_EQ(watcher.state(), "creating") << "the event cached it";
  EXPECT_THAT(upstream_.gets, SizeIs(2));
}

TEST_F(WatchHubTest, TransientErrorsAreRetriedAfterTheirRetryDelay) {
  Upstream(SandboxIn("a", "started"));
  upstream_.get_error = WithRetryDelay(absl::UnavailableError("down"), milliseconds(400));
  const Watcher& watcher = Open("a");
  Pass(milliseconds(400));
  EXPECT_THAT(watcher.seen, IsEmpty());
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  upstream_.get_error = absl::OkStatus();
  Pass(milliseconds(400));
  EXPECT_EQ(watcher.state(), "started");
}

TEST_F(WatchHubTest, OtherErrorsOfTheFirstReadAreObserved) {
  upstream_.get_error = absl::PermissionDeniedError("no");
  const Watcher& watcher = Open("a");
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_TRUE(absl::IsPermissionDenied(watcher.last().status));
}

TEST_F(WatchHubTest, AnEventDuringTheFirstReadIsNewer) {
  Upstream(SandboxIn("a", "starting"));
  upstream_.gate = std::make_shared<daytonad::Event>();
  const Watcher& watcher = Open("a");
  Event(SandboxIn("a", "started", 2));
  upstream_.gate->Fire();
  Settle();
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_EQ(watcher.state(), "started");
}

TEST_F(WatchHubTest, AMutationDuringTheFirstReadIsNewerEvenIfUnconfirmed) {
  Upstream(SandboxIn("a", "started"));
  upstream_.gate = std::make_shared<daytonad::Event>();
  const Watcher& watcher = Open("a");
  const auto mutation = cache_.BeginCreate();
  Event(SandboxIn("a", "stopping", 2));
  const v1::Sandbox answer = SandboxIn("a", "stopping", 2);
  cache_.EndMutation(mutation, &answer, clock_.Now());
  Observe(SandboxIn("a", "starting", 1), ObservationSource::kEvent);
  std::exchange(upstream_.gate, nullptr)->Fire();
  Settle();
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_EQ(watcher.state(), "stopping");
  EXPECT_FALSE(watcher.last().fresh);
}

TEST_F(WatchHubTest, ADeletionDuringTheFirstReadIsObserved) {
  Upstream(SandboxIn("a", "destroying"));
  upstream_.gate = std::make_shared<daytonad::Event>();
  const Watcher& watcher = Open("a");
  Observe(SandboxIn("a", "destroyed", 2), ObservationSource::kEvent);
  upstream_.gate->Fire();
  Settle();
  ASSERT_THAT(watcher.seen, SizeIs(1));
  EXPECT_TRUE(absl::IsNotFound(watcher.last().status));
  EXPECT_EQ(hub_.size(), 0U);
}

// --- Later observations ---

TEST_F(WatchHubTest, EventsAndAnswersToAllCallersAreObserved) {
  Upstream(SandboxIn("a", "creating"));
  Watcher& first = Open("a");
  Watcher& second = Open("name-of-a");
  Event(SandboxIn("a", "starting", 2));
  EXPECT_EQ(first.state(), "starting");
  EXPECT_EQ(second.state(), "starting");
  EXPECT_FALSE(first.last().maybe_missed);
  const v1::Sandbox answer = SandboxIn("a", "started", 3);
  cache_.EndMutation(cache_.BeginMutation("a"), &answer, clock_.Now());
  Settle();
  EXPECT_EQ(first.state(), "started");
  EXPECT_FALSE(first.last().maybe_missed);
  Observe(SandboxIn("a", "stopped", 4), ObservationSource::kRead);
  Settle();
  EXPECT_EQ(second.state(), "stopped");
  EXPECT_TRUE(second.last().maybe_missed) << "a read does not show the states in between";
  EXPECT_EQ(first.last().object, second.last().object) << "observations are shared";
}

TEST_F(WatchHubTest, APollIsObservedOnlyIfItShowsAChange) {
  Upstream(SandboxIn("a", "starting"));
  const Watcher& watcher = Open("a");
  Pass(seconds(1));
  EXPECT_THAT(watcher.seen, SizeIs(1));
  Upstream(SandboxIn("a", "started", 2));
  Pass(seconds(1));
  ASSERT_THAT(watcher.seen, SizeIs(2));
  EXPECT_EQ(watcher.state(), "started");
  EXPECT_TRUE(watcher.last().maybe_missed);
}

TEST_F(WatchHubTest, ARemovalIsObservedWithTheLastStateAndEndsThePolls) {
  Upstream(SandboxIn("a", "started"));
  const Watcher& watcher = Open("a");
  upstream_.objects.clear();
  Pass(milliseconds(100));
  EXPECT_TRUE(absl::IsNotFound(watcher.last().status));
  EXPECT_EQ(watcher.state(), "started");
  const size_t gets = upstream_.gets.size();
  Pass(seconds(5));
  EXPECT_THAT(upstream_.gets, SizeIs(gets));
}

TEST_F(WatchHubTest, ARemovalIsObservedEvenIfNothingCanBeCached) {
  ObjectCache<v1::Sandbox> cache(0);
  PolledUpstream upstream(cache, clock_);
  WatchHub<v1::Sandbox> hub(io_.get_executor(), clock_, cache, freshness_, upstream.source());
  upstream.objects["a"] = SandboxIn("a", "started");
  Watcher watcher;
  watcher.watch = hub.Open("a");
  Read(watcher);
  EXPECT_EQ(watcher.state(), "started");
  upstream.objects.clear();
  Pass(milliseconds(300));
  EXPECT_TRUE(absl::IsNotFound(watcher.last().status));
  Leave(watcher);
}

TEST_F(WatchHubTest, ASlowWatcherGetsTheLastEightObservationsAndMaybeMissed) {
  Upstream(SandboxIn("a", "state 0"));
  Watcher& slow = Open("a");
  slow.stop.request_stop();
  Settle();
  slow.stop = std::stop_source();
  for (int i = 1; i <= 20; ++i) Event(SandboxIn("a", "state " + std::to_string(i), i));
  slow.seen.clear();
  Read(slow);
  ASSERT_THAT(slow.seen, SizeIs(8));
  EXPECT_EQ(slow.seen[0].object->state_text(), "state 13");
  EXPECT_TRUE(slow.seen[0].maybe_missed);
  EXPECT_FALSE(slow.seen[1].maybe_missed);
  EXPECT_EQ(slow.state(), "state 20");
}

// --- Unconfirmed state ---

TEST_F(WatchHubTest, AnUnconfirmedStateIsPolledAtOnceAlsoAmongMany) {
  SetEvents(true);
  OpenMany(20);
  Observe(SandboxIn("3", "started", 5), ObservationSource::kEvent);
  Upstream(SandboxIn("3", "stopped", 6));
  Observe(SandboxIn("3", "stopping", 4), ObservationSource::kEvent);
  Settle();
  EXPECT_EQ(watchers_[3].state(), "stopped");
  EXPECT_THAT(upstream_.gets, SizeIs(1));
}

TEST_F(WatchHubTest, AConfirmingPollIsNotPublished) {
  SetEvents(true);
  Upstream(SandboxIn("a", "started", 5));
  const Watcher& watcher = Open("a");
  Observe(SandboxIn("a", "starting", 4), ObservationSource::kEvent);
  Settle();
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  EXPECT_THAT(watcher.seen, SizeIs(1));
}

// --- Events up and down ---

TEST_F(WatchHubTest, WhenEventsComeUpOrGoDownEverythingIsPolledAndTheNextObservationSaysMaybeMissed) {
  Upstream(SandboxIn("a", "starting"));
  const Watcher& watcher = Open("a");
  Pass(seconds(5));
  upstream_.gets.clear();
  SetEvents(true);
  EXPECT_THAT(upstream_.gets, SizeIs(1));
  Event(SandboxIn("a", "started", 2));
  EXPECT_TRUE(watcher.last().maybe_missed);
  Event(SandboxIn("a", "stopped", 3));
  EXPECT_FALSE(watcher.last().maybe_missed);
  SetEvents(false);
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  Event(SandboxIn("a", "starting", 4));
  EXPECT_TRUE(watcher.last().maybe_missed);
}

TEST_F(WatchHubTest, AlsoAmongMany) {
  OpenMany(20);
  Pass(seconds(3));
  upstream_.lists.clear();
  upstream_.objects["3"] = SandboxIn("3", "started", 2);
  SetEvents(true);
  EXPECT_THAT(upstream_.lists, SizeIs(1));
  EXPECT_EQ(watchers_[3].state(), "started");
}

TEST_F(WatchHubTest, ADeletedObjectIsNeverPolled) {
  Upstream(SandboxIn("a", "started"));
  Watcher& slow = Open("a");  // it observes the deletion, and stays
  Event(SandboxIn("a", "destroyed", 2));
  ASSERT_TRUE(absl::IsNotFound(slow.last().status));
  upstream_.gets.clear();
  SetEvents(true);
  SetEvents(false);
  Pass(seconds(3));
  EXPECT_THAT(upstream_.gets, IsEmpty());
}

// --- Leaving ---

TEST_F(WatchHubTest, ThePollsEndWithTheLastWatcher) {
  Upstream(SandboxIn("a", "starting"));
  Watcher& first = Open("a");
  Watcher& second = Open("a");
  Leave(first);
  Pass(milliseconds(100));
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  Leave(second);
  EXPECT_EQ(hub_.size(), 0U);
  EXPECT_EQ(clock_.sleepers(), 0U);
  Pass(seconds(5));
  EXPECT_THAT(upstream_.gets, SizeIs(2));
}

TEST_F(WatchHubTest, AWatcherMayLeaveAndComeBackDuringAPoll) {
  Upstream(SandboxIn("a", "starting"));
  Watcher& first = Open("a");
  upstream_.gate = std::make_shared<daytonad::Event>();
  Pass(milliseconds(100));
  Leave(first);
  Watcher& second = Open("a");
  Upstream(SandboxIn("a", "started", 2));
  upstream_.gate->Fire();
  Settle();
  Pass(seconds(1));
  EXPECT_EQ(second.state(), "started");
}

TEST_F(WatchHubTest, AWatcherMayLeaveDuringItsFirstRead) {
  Upstream(SandboxIn("a", "starting"));
  upstream_.gate = std::make_shared<daytonad::Event>();
  Watcher& watcher = Open("a");
  Leave(watcher);
  EXPECT_THAT(watcher.seen, IsEmpty());
  EXPECT_EQ(upstream_.in_flight, 0);
}

}  // namespace
}  // namespace daytonad
