#include "daemon/operations/build/log_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>

#include "daemon/api/testing/fake_api.h"
#include "daemon/base/error.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using Pieces = std::deque<absl::StatusOr<std::string>>;

// Collects a log, and checks that its chunks follow each other without gap or overlap. When it has `over_after` bytes,
// the build is over.
class Collector : public LogSink {
 public:
  explicit Collector(int64_t offset = 0) : next_(offset) {}

  Task<absl::Status> OnLog(v1::LogChunk chunk) override {
    EXPECT_EQ(chunk.offset(), next_);
    next_ += static_cast<int64_t>(chunk.data().size());
    text += chunk.data();
    if (over != nullptr && text.size() >= over_after) over->Fire();
    co_return fail;
  }
  Task<absl::Status> OnWarning(v1::Warning warning) override {
    warnings.push_back(warning.reason());
    co_return absl::OkStatus();
  }

  std::string text;
  std::vector<std::string> warnings;
  Event* over = nullptr;
  size_t over_after = 0;
  absl::Status fail;

 private:
  int64_t next_;
};

class LogFollowerTest : public ::testing::Test {
 protected:
  absl::StatusOr<int64_t> Follow(int64_t offset = 0) {
    return RunTask(io_, follower_.Follow(context_, LogOwner::kSnapshot, "id", offset, over_, sink_));
  }

  static Task<void> FireAfter(LogFollowerTest* self, Clock::Duration pause) {
    (void)co_await self->clock_.Sleep(CallContext::Background("test"), pause);
    self->over_.Fire();
  }

  boost::asio::io_context io_;
  FakeClock clock_;
  FakeApi api_;
  LogFollower follower_{api_, clock_};
  Event over_;
  Collector sink_;
  CallContext context_ = CallContext::Background("test");
};

TEST_F(LogFollowerTest, DeliversPiecesAsTheyComeAndChecksAgainstTheWholeLog) {
  sink_.over = &over_;
  sink_.over_after = 6;
  api_.build_log.Add(Pieces{"one", "two"});
  api_.build_log.Add(Pieces{"onetwo"});
  EXPECT_EQ(*Follow(), 6);
  EXPECT_EQ(sink_.text, "onetwo");
  EXPECT_THAT(api_.calls, ElementsAre("OpenBuildLog snapshot id follow", "OpenBuildLog snapshot id"));
  EXPECT_THAT(sink_.warnings, ElementsAre());
}

TEST_F(LogFollowerTest, SendsWhatIsMissingOnceTheBuildIsOver) {
  sink_.over = &over_;
  sink_.over_after = 3;
  api_.build_log.Add(Pieces{"one"});
  api_.build_log.Add(Pieces{"on", "etwo", "three"});
  EXPECT_EQ(*Follow(), 11);
  EXPECT_EQ(sink_.text, "onetwothree");
}

TEST_F(LogFollowerTest, OpensABrokenStreamAgainAndRepeatsNothing) {
  sink_.over = &over_;
  sink_.over_after = 9;
  api_.build_log.Add(Pieces{"one", absl::UnavailableError("cut")});
  api_.build_log.Add(Pieces{"onet", "wo", absl::UnavailableError("cut")});
  api_.build_log.Add(Pieces{"onetwo...", "!"});
  EXPECT_EQ(*Follow(), 10);
  EXPECT_EQ(sink_.text, "onetwo...!");
  EXPECT_THAT(sink_.warnings, ElementsAre("LOG_INTERRUPTED", "LOG_INTERRUPTED"));
}

TEST_F(LogFollowerTest, WaitsForALogThatIsNotThereYet) {
  sink_.over = &over_;
  sink_.over_after = 3;
  api_.build_log.Add(absl::NotFoundError("not yet"));
  api_.build_log.Add(absl::NotFoundError("not yet"));
  api_.build_log.Add(Pieces{"one"});
  EXPECT_EQ(*Follow(), 3);
  EXPECT_EQ(clock_.sleeps().size(), 2U);
  EXPECT_THAT(sink_.warnings, ElementsAre());
}

TEST_F(LogFollowerTest, LooksForTheLogQuicklyAtFirstAndThenLessOften) {
  context_ = context_.WithDeadline(clock_.Now() + std::chrono::seconds(60));
  api_.build_log.Add(absl::NotFoundError("not yet"));
  EXPECT_FALSE(Follow().ok());
  const std::vector<Clock::Duration>& pauses = clock_.sleeps();
  EXPECT_EQ(std::count(pauses.begin(), pauses.end(), std::chrono::milliseconds(50)), 100);
  EXPECT_EQ(pauses[pauses.size() - 2], std::chrono::seconds(1));
}

TEST_F(LogFollowerTest, AStreamThatEndsEarlyIsOpenedAgainAsLongAsTheBuildRuns) {
  sink_.over = &over_;
  sink_.over_after = 6;
  api_.build_log.Add(Pieces{"one"});
  api_.build_log.Add(Pieces{"onetwo"});
  EXPECT_EQ(*Follow(), 6);
  EXPECT_THAT(api_.calls, ElementsAre("OpenBuildLog snapshot id follow", "OpenBuildLog snapshot id follow",
                                      "OpenBuildLog snapshot id"));
}

TEST_F(LogFollowerTest, WhatHasEndedWellIsReadOnRarely) {
  // The state follows ten seconds after the log.
  Spawn(io_.get_executor(), FireAfter(this, std::chrono::seconds(10)));
  for (int i = 0; i < 100; ++i) api_.build_log.Add(Pieces{"all of it"});
  EXPECT_EQ(*Follow(), 9);
  EXPECT_EQ(sink_.text, "all of it");
  EXPECT_THAT(clock_.sleeps(), ElementsAre(10s, 1s, 2s, 4s, 8s)) << "the last one is cut short";
  EXPECT_EQ(api_.calls.size(), 5U) << "four times followed, once read whole";
  EXPECT_THAT(sink_.warnings, ElementsAre());
}

TEST_F(LogFollowerTest, NothingBrokeAtTheDeadline) {
  context_ = context_.WithDeadline(clock_.Now() + 3s);
  api_.build_log.Add(Pieces{"one", DeadlineExceededError()});
  clock_.Advance(3s);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Follow().status()));
  EXPECT_THAT(sink_.warnings, ElementsAre());
}

TEST_F(LogFollowerTest, AStreamThatStandsStillDoesNotHideTheEnd) {
  api_.followed_logs_stand_still = &clock_;
  sink_.over = &over_;
  sink_.over_after = 3;
  api_.build_log.Add(Pieces{"one"});
  api_.build_log.Add(Pieces{"one", "two"});
  EXPECT_EQ(*Follow(), 6);
  EXPECT_EQ(sink_.text, "onetwo");
  EXPECT_THAT(api_.calls, ElementsAre("OpenBuildLog snapshot id follow", "OpenBuildLog snapshot id"));
  EXPECT_THAT(sink_.warnings, ElementsAre());
}

TEST_F(LogFollowerTest, TheCallsEndEndsAStreamThatStandsStill) {
  api_.followed_logs_stand_still = &clock_;
  context_ = context_.WithDeadline(clock_.Now() + std::chrono::seconds(5));
  api_.build_log.Add(Pieces{"one"});
  EXPECT_TRUE(absl::IsDeadlineExceeded(Follow().status()));
  EXPECT_EQ(sink_.text, "one");
}

TEST_F(LogFollowerTest, BeginsAtTheOffset) {
  sink_ = Collector(4);
  over_.Fire();
  api_.build_log.Add(Pieces{"on", "etwo"});
  EXPECT_EQ(*Follow(4), 6);
  EXPECT_EQ(sink_.text, "wo");
}

TEST_F(LogFollowerTest, AUtf8SequenceSplitBetweenPiecesStaysAsItIs) {
  over_.Fire();
  api_.build_log.Add(Pieces{"gr\xc3", "\xbc\xc3\x9f", "e"});
  EXPECT_TRUE(Follow().ok());
  EXPECT_EQ(sink_.text,
            "gr\xc3\xbc\xc3\x9f"
            "e");
}

TEST_F(LogFollowerTest, AnErrorThatWillNotPassEndsIt) {
  api_.build_log.Add(absl::FailedPreconditionError("untrusted"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Follow().status()));
  EXPECT_EQ(api_.calls.size(), 1U);
}

TEST_F(LogFollowerTest, NoLogAtAllIsNotFound) {
  over_.Fire();
  EXPECT_TRUE(absl::IsNotFound(Follow().status()));
}

TEST_F(LogFollowerTest, AReaderThatHasGoneEndsIt) {
  sink_.fail = CancelledError();
  api_.build_log.Add(Pieces{"one", "two"});
  EXPECT_TRUE(absl::IsCancelled(Follow().status()));
  EXPECT_EQ(sink_.text, "one");
}

TEST_F(LogFollowerTest, TheDeadlineEndsIt) {
  context_ = context_.WithDeadline(clock_.Now() + std::chrono::seconds(3));
  api_.build_log.Add(absl::NotFoundError("not yet"));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Follow().status()));
}

}  // namespace
}  // namespace daytonad
