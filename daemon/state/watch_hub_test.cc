#include "daemon/state/watch_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/api/testing/next_observation.h"
#include "daemon/base/error.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/state/testing/polled_upstream.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

class WatchHubTest : public ::testing::Test {
 protected:
  struct Watcher {
    std::unique_ptr<Watch<v1::Sandbox>> watch;
    std::stop_source stop;
    std::vector<Observation<v1::Sandbox>> seen;

    const Observation<v1::Sandbox>& last() const { return seen.back(); }
    std::string state() const { return last().object == nullptr ? "" : last().object->state_text(); }
  };

  void TearDown() override {
    if (upstream_.gate != nullptr) upstream_.gate->Fire();
    if (upstream_.list_gate != nullptr) upstream_.list_gate->Fire();
    for (Watcher& watcher : watchers_) Leave(watcher);
    Settle();
    EXPECT_EQ(hub_.size(), 0U);
    EXPECT_EQ(clock_.sleepers(), 0U) << "something still runs without watchers";
  }

  static Task<void> Follow(Watcher* watcher) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    while (true) {
      const CallContext context = CallContext::Background("test").WithStopToken(watcher->stop.get_token());
      absl::StatusOr<Observation<v1::Sandbox>> next = co_await NextObservation(*watcher->watch, context);
      if (!next.ok()) co_return;
      watcher->seen.push_back(*std::move(next));
      if (!watcher->last().status.ok()) co_return;
    }
  }

  Watcher& OpenOnly(const std::string& id) {
    Watcher& watcher = watchers_.emplace_back();
    watcher.watch = hub_.Open(id);
    return watcher;
  }
  // Reads observations until there is an error, or the watcher leaves.
  void Read(Watcher& watcher) {
    Spawn(io_.get_executor(), Follow(&watcher));
    Settle();
  }
  Watcher& Open(const std::string& id) {
    Watcher& watcher = OpenOnly(id);
    Read(watcher);
    return watcher;
  }
  void Leave(Watcher& watcher) {
    watcher.stop.request_stop();
    Settle();
    watcher.watch.reset();
    Settle();
  }

  void Settle() {
    io_.restart();
    io_.poll();
  }
  // Advances the clock in steps, so that everything due happens in between.
  void Pass(Clock::Duration duration, Clock::Duration step = milliseconds(5)) {
    for (Clock::Duration passed{}; passed < duration; passed += step) {
      clock_.Advance(step);
      Settle();
    }
  }

  void Upstream(const v1::Sandbox& sandbox) { upstream_.objects[sandbox.id()] = sandbox; }
  void Observe(const v1::Sandbox& sandbox, ObservationSource source) {
    cache_.Observe(sandbox, source, cache_.NextRevision(), clock_.Now());
  }
  void Event(const v1::Sandbox& sandbox) {
    Upstream(sandbox);
    Observe(sandbox, ObservationSource::kEvent);
    Settle();
  }
  void SetEvents(bool up) {
    up ? freshness_.EventsUp(clock_.Now()) : freshness_.EventsDown();
    hub_.OnEventsChanged();
    Settle();
  }
  // Caches and watches that many objects: "0", "1", ...
  void OpenMany(int count) {
    for (int i = 0; i < count; ++i) {
      Upstream(SandboxIn(std::to_string(i), "starting"));
      Observe(SandboxIn(std::to_string(i), "starting"), ObservationSource::kRead);
      Open(std::to_string(i));
    }
  }

  // The pauses between them, in milliseconds.
  std::vector<long> Pauses(const std::vector<Clock::TimePoint>& times) const {
    std::vector<long> pauses;
    Clock::TimePoint before = started_;
    for (const Clock::TimePoint& time : times) {
      pauses.push_back(std::chrono::duration_cast<milliseconds>(time - before).count());
      before = time;
    }
    return pauses;
  }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  const Clock::TimePoint started_ = clock_.Now();
  ObjectCache<v1::Sandbox> cache_{1 << 20};
  Freshness freshness_{Lifetimes()};
  PolledUpstream upstream_{cache_, clock_};
  WatchHub<v1::Sandbox> hub_{io_.get_executor(), clock_, cache_, freshness_, upstream_.source()};
  std::deque<Watcher> watchers_;
};

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

// --- How often ---

TEST_F(WatchHubTest, PollsQuicklyAtFirstAndThenOnceASecond) {
  Upstream(SandboxIn("a", "starting"));
  Open("a");
  Pass(seconds(10), milliseconds(1));
  const std::vector<long> pauses = Pauses(upstream_.gets);
  ASSERT_GE(pauses.size(), 14U);
  EXPECT_EQ(pauses[0], 0);
  EXPECT_EQ(pauses[1], 100);
  EXPECT_EQ(pauses[2], 125);
  EXPECT_NEAR(static_cast<double>(pauses[3]), 156, 1.5);
  EXPECT_EQ(pauses.back(), 1000);
  EXPECT_THAT(pauses, Each(Le(1000)));
}

TEST_F(WatchHubTest, PollsRarelyWhileEventsAreUp) {
  SetEvents(true);
  Upstream(SandboxIn("a", "starting"));
  Open("a");
  Pass(seconds(120), milliseconds(50));
  const std::vector<long> pauses = Pauses(upstream_.gets);
  ASSERT_GE(pauses.size(), 10U);
  EXPECT_EQ(pauses[1], 1000);
  EXPECT_EQ(pauses[2], 1500);
  EXPECT_EQ(pauses[3], 2250);
  EXPECT_EQ(pauses.back(), 15000);
}

TEST_F(WatchHubTest, ManyWatchersOfOneObjectCostWhatOneCosts) {
  Upstream(SandboxIn("a", "starting"));
  Open("a");
  for (int i = 0; i < 99; ++i) Open(i % 2 == 0 ? "a" : "name-of-a");
  Pass(milliseconds(100));
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  Upstream(SandboxIn("a", "started", 2));
  Pass(milliseconds(125));
  EXPECT_THAT(upstream_.gets, SizeIs(3));
  for (const Watcher& watcher : watchers_) EXPECT_EQ(watcher.state(), "started");
}

TEST_F(WatchHubTest, AFailedPollIsRepeatedAfterItsRetryDelay) {
  Upstream(SandboxIn("a", "starting"));
  const Watcher& watcher = Open("a");
  upstream_.get_error = WithRetryDelay(absl::UnavailableError("down"), seconds(3));
  Pass(milliseconds(100));
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  Pass(milliseconds(2995));
  EXPECT_THAT(upstream_.gets, SizeIs(2));
  Pass(milliseconds(5));
  EXPECT_THAT(upstream_.gets, SizeIs(3));
  EXPECT_THAT(watcher.seen, SizeIs(1)) << "transient errors are not observed";
}

TEST_F(WatchHubTest, APollThatHangsTimesOut) {
  Upstream(SandboxIn("a", "starting"));
  const Watcher& watcher = Open("a");
  upstream_.gate = std::make_shared<daytonad::Event>();
  Pass(milliseconds(100));
  EXPECT_EQ(upstream_.in_flight, 1);
  upstream_.gate.reset();
  Upstream(SandboxIn("a", "started", 2));
  Pass(seconds(22), milliseconds(50));
  EXPECT_EQ(watcher.state(), "started");
}

TEST_F(WatchHubTest, PermanentErrorsAreObserved) {
  Upstream(SandboxIn("a", "starting"));
  const Watcher& watcher = Open("a");
  upstream_.get_error = absl::PermissionDeniedError("no more");
  Pass(milliseconds(100));
  EXPECT_TRUE(absl::IsPermissionDenied(watcher.last().status));
  EXPECT_EQ(watcher.state(), "starting");
}

// --- Many objects ---

TEST_F(WatchHubTest, ManyObjectsShareOneList) {
  OpenMany(50);
  Pass(seconds(5));
  EXPECT_THAT(upstream_.gets, IsEmpty());
  std::vector<long> pauses = Pauses(upstream_.lists);
  ASSERT_GE(pauses.size(), 3U);
  pauses.erase(pauses.begin());
  EXPECT_THAT(pauses, Each(Ge(250)));
  upstream_.objects["7"] = SandboxIn("7", "started", 2);
  Pass(seconds(1));
  EXPECT_EQ(watchers_[7].state(), "started");
  EXPECT_EQ(watchers_[8].state(), "starting");
  EXPECT_THAT(upstream_.gets, IsEmpty()) << "the list was newer, so no read is needed";
}

TEST_F(WatchHubTest, WatchersThatComeAtDifferentTimesShareOneList) {
  for (int i = 0; i < 20; ++i) {
    Upstream(SandboxIn(std::to_string(i), "starting"));
    Observe(SandboxIn(std::to_string(i), "starting"), ObservationSource::kRead);
    Open(std::to_string(i));
    Pass(milliseconds(130));
  }
  Pass(seconds(10));
  upstream_.lists.clear();
  Pass(seconds(60));
  EXPECT_THAT(upstream_.lists, SizeIs(Le(61)));
  EXPECT_THAT(upstream_.lists, SizeIs(Ge(55)));
}

TEST_F(WatchHubTest, WhileEventsAreUpAListIsReadEveryTenSeconds) {
  SetEvents(true);
  OpenMany(50);
  Pass(seconds(20), milliseconds(50));
  upstream_.lists.clear();
  Pass(seconds(60), milliseconds(50));
  EXPECT_THAT(upstream_.lists, SizeIs(Le(6)));
  EXPECT_THAT(upstream_.lists, SizeIs(Ge(4)));
  EXPECT_THAT(upstream_.gets, IsEmpty());
}

TEST_F(WatchHubTest, AnObjectThatTheListShowsLateIsPolledSingly) {
  OpenMany(10);
  upstream_.listed = upstream_.objects;
  upstream_.objects["3"] = SandboxIn("3", "started", 2);
  Observe(upstream_.objects["3"], ObservationSource::kEvent);
  Settle();
  EXPECT_EQ(watchers_[3].state(), "started");
  Pass(seconds(1));
  EXPECT_THAT(upstream_.gets, SizeIs(Ge(1)));
  EXPECT_EQ(watchers_[3].state(), "started");
  EXPECT_THAT(watchers_[3].seen, SizeIs(2)) << "the old state is not observed again";
}

TEST_F(WatchHubTest, ALongListIsReadOnFromRoundToRound) {
  OpenMany(20);
  upstream_.page_size = 1;
  Pass(seconds(10));
  EXPECT_THAT(upstream_.gets, IsEmpty()) << "the list shows all of them sooner or later";
  for (auto& [id, sandbox] : upstream_.objects) sandbox.set_state_text("started");  // keeps their order in the list
  upstream_.lists.clear();
  Pass(seconds(10));
  for (const Watcher& watcher : watchers_) EXPECT_EQ(watcher.state(), "started");
  EXPECT_THAT(upstream_.lists, SizeIs(Le(4 * 10 + 4))) << "no round is longer than before";
}

TEST_F(WatchHubTest, AfterAllWatchersHaveLeftTheListStartsAgain) {
  OpenMany(20);
  upstream_.page_size = 1;
  Pass(milliseconds(600));
  EXPECT_THAT(upstream_.cursors, ::testing::Contains("6")) << "the second round went on";
  for (Watcher& watcher : watchers_) Leave(watcher);
  watchers_.clear();
  upstream_.cursors.clear();
  OpenMany(20);
  Pass(milliseconds(300));
  ASSERT_THAT(upstream_.cursors, SizeIs(Ge(4)));
  upstream_.cursors.resize(4);
  EXPECT_THAT(upstream_.cursors, ::testing::ElementsAre("", "1", "2", "3"));
}

TEST_F(WatchHubTest, TheFirstPageOfALongListIsReadInEachRound) {
  OpenMany(20);
  upstream_.page_size = 1;
  Pass(seconds(10));
  upstream_.objects["9"] = SandboxIn("9", "started", 2);
  Pass(milliseconds(1300));
  EXPECT_EQ(watchers_[9].state(), "started");
}

TEST_F(WatchHubTest, AnObjectThatACompleteListDoesNotShowIsPolledAtOnce) {
  OpenMany(10);
  Pass(seconds(5));
  ASSERT_THAT(upstream_.gets, IsEmpty());
  upstream_.page_size = 3;  // one round reads the whole list
  upstream_.objects.erase("9");
  Pass(milliseconds(1100));
  EXPECT_TRUE(absl::IsNotFound(watchers_[9].last().status));
  EXPECT_THAT(upstream_.gets, SizeIs(1));
}

TEST_F(WatchHubTest, AlsoIfTheListTakesManyRounds) {
  OpenMany(20);
  Pass(seconds(5));
  upstream_.page_size = 1;
  upstream_.objects.erase("19");
  Pass(seconds(10));
  EXPECT_TRUE(absl::IsNotFound(watchers_[19].last().status));
  EXPECT_THAT(upstream_.gets, SizeIs(Le(2))) << "objects that earlier rounds have shown are not missing";
}

TEST_F(WatchHubTest, AMissingObjectMayBeNewAndIsPolledLessAndLessOften) {
  OpenMany(10);
  for (int i = 0; i < 9; ++i) upstream_.listed[std::to_string(i)] = upstream_.objects[std::to_string(i)];
  upstream_.objects["9"] = SandboxIn("9", "started", 2);
  Pass(milliseconds(1100));
  EXPECT_EQ(watchers_[9].state(), "started");
  Pass(seconds(120), milliseconds(10));
  upstream_.gets.clear();
  Pass(seconds(60), milliseconds(10));
  EXPECT_THAT(upstream_.gets, SizeIs(Ge(2)));
  EXPECT_THAT(upstream_.gets, SizeIs(Le(5)));
  // Once a list shows it, it is treated as all others.
  upstream_.listed.clear();
  Pass(seconds(25), milliseconds(10));
  upstream_.objects.erase("9");
  Pass(milliseconds(1100));
  EXPECT_TRUE(absl::IsNotFound(watchers_[9].last().status));
}

TEST_F(WatchHubTest, AnObjectThatIsBeingDeletedIsPolledThoughListsStillShowIt) {
  OpenMany(10);
  Pass(seconds(5));
  const v1::Sandbox deleting = SandboxIn("3", "destroying", 2);
  cache_.EndMutation(cache_.BeginMutation("3"), &deleting, clock_.Now());
  upstream_.objects["3"] = deleting;
  upstream_.listed = upstream_.objects;
  Pass(seconds(3));
  EXPECT_EQ(watchers_[3].state(), "destroying");
  upstream_.objects.erase("3");
  Pass(milliseconds(1100));
  EXPECT_TRUE(absl::IsNotFound(watchers_[3].last().status));
  EXPECT_THAT(upstream_.gets, SizeIs(Le(6)));
}

TEST_F(WatchHubTest, ManyDeletionsAtOnceAreObservedWithinSeconds) {
  OpenMany(300);
  Pass(seconds(5));
  for (int i = 0; i < 200; ++i) upstream_.objects.erase(std::to_string(i));
  upstream_.objects["250"] = SandboxIn("250", "started", 2);
  upstream_.gets.clear();
  Pass(milliseconds(1300));
  EXPECT_EQ(watchers_[250].state(), "started");
  EXPECT_THAT(upstream_.gets, SizeIs(Le(2 * 50 + 50)));
  Pass(seconds(3));
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(absl::IsNotFound(watchers_[i].last().status)) << i;
  EXPECT_THAT(upstream_.gets, SizeIs(200)) << "one poll of each";
  EXPECT_LE(upstream_.most_in_flight, 16);
}

TEST_F(WatchHubTest, ManySlowDeletionsStayWithinTheRateLimit) {
  OpenMany(300);
  for (auto& [id, sandbox] : upstream_.objects) sandbox = SandboxIn(id, "destroying", 2);
  Pass(seconds(5));
  upstream_.gets.clear();
  Pass(seconds(10), milliseconds(10));
  EXPECT_THAT(upstream_.gets, SizeIs(Le(11 * 50)));
}

TEST_F(WatchHubTest, AnObjectThatIsBeingDeletedIsPolledAtOnceWhenEventsGoDown) {
  SetEvents(true);
  OpenMany(20);
  Pass(seconds(60), milliseconds(50));
  Observe(SandboxIn("3", "destroying", 2), ObservationSource::kEvent);
  upstream_.objects.erase("3");
  upstream_.objects.erase("4");
  SetEvents(false);
  Pass(milliseconds(300));
  EXPECT_TRUE(absl::IsNotFound(watchers_[3].last().status));
  EXPECT_TRUE(absl::IsNotFound(watchers_[4].last().status));
}

TEST_F(WatchHubTest, ObjectsThatALongListHasNotShownForLongArePolledAFewAtATime) {
  OpenMany(100);
  upstream_.page_size = 1;
  Pass(seconds(15), milliseconds(10));
  EXPECT_THAT(upstream_.gets, IsEmpty());
  Pass(seconds(10), milliseconds(10));
  EXPECT_THAT(upstream_.gets, SizeIs(Ge(3)));
  EXPECT_THAT(upstream_.gets, SizeIs(Le(3 * 11)));
}

TEST_F(WatchHubTest, AListThatFailsDoesNotMeanThatItsObjectsAreGone) {
  OpenMany(40);
  upstream_.list_error = absl::NotFoundError("no such route");
  for (auto& [id, sandbox] : upstream_.objects) sandbox = SandboxIn(id, "started", 2);
  Pass(seconds(3));
  for (const Watcher& watcher : watchers_) {
    EXPECT_TRUE(watcher.last().status.ok());
    EXPECT_EQ(watcher.state(), "started");
  }
}

TEST_F(WatchHubTest, ARejectedCredentialIsObservedByAll) {
  OpenMany(40);
  upstream_.list_error = absl::UnauthenticatedError("expired");
  Pass(seconds(1));
  for (const Watcher& watcher : watchers_) EXPECT_TRUE(absl::IsUnauthenticated(watcher.last().status));
  EXPECT_THAT(upstream_.lists, SizeIs(Le(5)));
}

TEST_F(WatchHubTest, ATransientErrorOfAListIsRetried) {
  OpenMany(10);
  upstream_.list_error = absl::UnavailableError("down");
  Pass(seconds(3));
  upstream_.list_error = absl::OkStatus();
  upstream_.objects["3"] = SandboxIn("3", "started", 2);
  Pass(milliseconds(1300));
  EXPECT_EQ(watchers_[3].state(), "started");
  EXPECT_THAT(watchers_[4].seen, SizeIs(1));
}

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
