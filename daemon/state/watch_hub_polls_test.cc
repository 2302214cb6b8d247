#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/state/testing/watch_hub_fixture.h"
#include "daemon/state/watch_hub.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

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

}  // namespace
}  // namespace daytonad
