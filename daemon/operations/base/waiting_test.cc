#include "daemon/operations/base/waiting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/absent.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/operations/testing/scripted_watch.h"

namespace daytonad {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

// Waits for "started"; "error" and errors of upstream end the wait, too.
class WaitingTest : public ::testing::Test {
 protected:
  using Seen = ScriptedWatch::Seen;

  WaitingTest() {
    goal_.decide = [this](const Seen& seen) -> std::optional<absl::Status> {
      ++decided_;
      if (!seen.status.ok()) return seen.status;
      if (seen.object->state_text() == "started") return absl::OkStatus();
      if (seen.object->state_text() == "error") return absl::FailedPreconditionError("it failed");
      return std::nullopt;
    };
    goal_.observe = [this](const v1::Sandbox& sandbox) { return Observe(sandbox.state_text()); };
  }

  Task<absl::Status> Observe(std::string state) {
    observed_.push_back(std::move(state));
    co_return observer_;
  }

  // The call has a minute, the wait has `limit`.
  absl::Status Wait(Clock::Duration timeout = seconds(10)) {
    const CallContext call =
        CallContext::Background("test").WithDeadline(started_ + minutes(1)).WithStopToken(stop_.get_token());
    return RunTask(io_, WaitUntil(clock_, WaitContext(call, clock_, timeout), watch_, goal_, last_));
  }
  Clock::Duration Passed() const { return clock_.Now() - started_; }
  std::string Last() const { return last_.object == nullptr ? "nothing" : last_.object->state_text(); }

  boost::asio::io_context io_;
  FakeClock clock_;
  const Clock::TimePoint started_ = clock_.Now();
  std::stop_source stop_;
  ScriptedWatch watch_{clock_};
  Goal<v1::Sandbox> goal_;
  Seen last_;
  std::vector<std::string> observed_;
  absl::Status observer_;
  int decided_ = 0;
};

TEST_F(WaitingTest, EndsWithTheStateThatIsWaitedFor) {
  watch_.seen = {ScriptedWatch::Fresh("creating"), ScriptedWatch::Fresh("started"), ScriptedWatch::Fresh("stopped")};
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(Last(), "started");
  EXPECT_THAT(observed_, ElementsAre("creating", "started"));
  EXPECT_EQ(watch_.polled, 0);
}

TEST_F(WaitingTest, AStaleObservationDoesNotEndIt) {
  watch_.seen = {ScriptedWatch::Stale("started")};
  watch_.polls = {ScriptedWatch::Fresh("stopped")};
  EXPECT_TRUE(absl::IsDeadlineExceeded(Wait()));
  EXPECT_EQ(Last(), "stopped");
}

TEST_F(WaitingTest, UnlessAPollConfirmsIt) {
  watch_.seen = {ScriptedWatch::Stale("started")};
  watch_.polls = {ScriptedWatch::Fresh("started")};
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(watch_.polled, 1);
  EXPECT_EQ(Passed(), seconds(0));
}

TEST_F(WaitingTest, AStaleObservationThatDoesNotEndItCausesNoPoll) {
  watch_.seen = {ScriptedWatch::Stale("creating"), ScriptedWatch::Fresh("started")};
  EXPECT_TRUE(Wait().ok());
  EXPECT_EQ(watch_.polled, 0);
}

TEST_F(WaitingTest, AFailureEndsIt) {
  watch_.seen = {ScriptedWatch::Fresh("error")};
  EXPECT_TRUE(absl::IsFailedPrecondition(Wait()));
}

TEST_F(WaitingTest, AnErrorEndsItAndKeepsTheLastObject) {
  watch_.seen = {ScriptedWatch::Fresh("creating"), ScriptedWatch::Failed(absl::PermissionDeniedError("no"))};
  EXPECT_TRUE(absl::IsPermissionDenied(Wait()));
  EXPECT_EQ(Last(), "creating");
  EXPECT_TRUE(absl::IsPermissionDenied(last_.status));
  EXPECT_THAT(observed_, ElementsAre("creating"));
}

TEST_F(WaitingTest, AnErrorOfTheObserverEndsIt) {
  observer_ = absl::CancelledError("gone");
  watch_.seen = {ScriptedWatch::Fresh("creating"), ScriptedWatch::Fresh("started")};
  EXPECT_TRUE(absl::IsCancelled(Wait()));
  EXPECT_EQ(decided_, 0);
}

TEST_F(WaitingTest, ATimeoutPollsOnceMore) {
  watch_.seen = {ScriptedWatch::Fresh("creating")};
  watch_.polls = {ScriptedWatch::Fresh("started")};
  EXPECT_TRUE(Wait(seconds(10)).ok());
  EXPECT_EQ(Passed(), seconds(10));
  EXPECT_EQ(watch_.polled, 1);
}

TEST_F(WaitingTest, ALastPollWithoutTheGoalEndsItAtOnce) {
  watch_.seen = {ScriptedWatch::Fresh("creating")};
  watch_.polls = {ScriptedWatch::Fresh("creating")};
  EXPECT_TRUE(absl::IsDeadlineExceeded(Wait(seconds(10))));
  EXPECT_EQ(Passed(), seconds(10));
}

TEST_F(WaitingTest, ALastPollThatFailsIsATimeout) {
  watch_.seen = {ScriptedWatch::Fresh("creating")};
  watch_.polls = {ScriptedWatch::Failed(absl::PermissionDeniedError("no"))};
  EXPECT_TRUE(absl::IsDeadlineExceeded(Wait(seconds(10))));
}

TEST_F(WaitingTest, ExceptIfTheObjectIsGone) {
  watch_.seen = {ScriptedWatch::Fresh("creating")};
  watch_.polls = {ScriptedWatch::Failed(AbsentError("sandbox", "gone"))};
  EXPECT_TRUE(absl::IsNotFound(Wait(seconds(10))));
}

TEST_F(WaitingTest, ALastPollWithAStaleObservationIsRepeated) {
  watch_.polls = {ScriptedWatch::Stale("creating"), ScriptedWatch::Fresh("started")};
  EXPECT_TRUE(Wait(seconds(10)).ok());
  EXPECT_EQ(watch_.polled, 2);
  EXPECT_EQ(Passed(), seconds(10));
}

TEST_F(WaitingTest, ALastPollTakesFiveSecondsAtMost) {
  watch_.seen = {ScriptedWatch::Fresh("creating")};
  EXPECT_TRUE(absl::IsDeadlineExceeded(Wait(seconds(10))));
  EXPECT_EQ(Passed(), seconds(15));
}

TEST_F(WaitingTest, NorMoreThanTheRestOfTheCall) {
  watch_.seen = {ScriptedWatch::Fresh("creating")};
  EXPECT_TRUE(absl::IsDeadlineExceeded(Wait(seconds(58))));
  EXPECT_EQ(Passed(), minutes(1));
}

TEST_F(WaitingTest, WithoutATimeoutTheCallsDeadlineEndsItWithoutALastPoll) {
  EXPECT_TRUE(absl::IsDeadlineExceeded(Wait(seconds(0))));
  EXPECT_EQ(Passed(), minutes(1));
  EXPECT_EQ(watch_.polled, 0);
}

TEST_F(WaitingTest, ACancelledCallEndsAtOnce) {
  stop_.request_stop();
  EXPECT_TRUE(absl::IsCancelled(Wait()));
  EXPECT_EQ(watch_.polled, 0);
}

class WaitContextTest : public ::testing::Test {
 protected:
  CallContext Call(Clock::Duration limit) const {
    return CallContext(std::make_shared<CallIdentity>(), clock_.Now() + limit, std::stop_token());
  }
  // Queues the request for this long.
  void WaitInQueue(const WaitContext& limits, Clock::Duration duration) {
    const QueueWaitScope waiting(limits.wait, clock_, QueueWait("sandbox-create", clock_.Now() + duration));
    clock_.Advance(duration);
  }

  FakeClock clock_{FakeClock::Mode::kManual};
  const Clock::TimePoint start_ = clock_.Now();
};

TEST_F(WaitContextTest, ACallersTimeoutIncludesQueueing) {
  const WaitContext limits(Call(std::chrono::hours(1)), clock_, std::chrono::seconds(60));
  WaitInQueue(limits, std::chrono::seconds(50));
  EXPECT_EQ(limits.wait.deadline(), start_ + std::chrono::seconds(60));
  const CallContext call = Call(std::chrono::hours(1));
  EXPECT_EQ(WaitContext(call, clock_, std::chrono::seconds(0)).wait.deadline(), call.deadline());
}

TEST_F(WaitContextTest, ADefaultTimeoutExcludesQueueingUntilTheRequestIsAnswered) {
  int told = 0;
  WaitContext limits(Call(std::chrono::hours(1)), clock_, TimeLimit::FromWhenSent(std::chrono::seconds(60)),
                     [&told](const QueueWait&, Clock::TimePoint) { ++told; });
  WaitInQueue(limits, std::chrono::seconds(50));
  EXPECT_EQ(limits.wait.deadline(), start_ + std::chrono::seconds(110));
  EXPECT_EQ(limits.call.deadline(), start_ + std::chrono::hours(1));
  EXPECT_EQ(told, 1);
  limits.RequestIsOver();
  WaitInQueue(limits, std::chrono::seconds(50));
  EXPECT_EQ(limits.wait.deadline(), start_ + std::chrono::seconds(110));
}

TEST_F(WaitContextTest, TheCallsOwnDeadlineStays) {
  const WaitContext limits(Call(std::chrono::seconds(70)), clock_, TimeLimit::FromWhenSent(std::chrono::seconds(60)));
  WaitInQueue(limits, std::chrono::seconds(50));
  EXPECT_EQ(limits.wait.deadline(), start_ + std::chrono::seconds(70));
}

}  // namespace
}  // namespace daytonad
