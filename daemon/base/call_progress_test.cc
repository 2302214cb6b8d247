#include "daemon/base/call_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/call_context.h"
#include "daemon/base/flight_waiters.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using TimePoint = Clock::TimePoint;

constexpr TimePoint kNow{1000s};
const QueueWait kWait("sandbox-create", kNow + 30s);

// Shows the time that a test says.
class SetClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  Task<absl::Status> Sleep(CallContext, Duration) override { co_return absl::OkStatus(); }
  Task<absl::Status> WaitFor(CallContext, std::stop_token) override { co_return absl::OkStatus(); }
  TimePoint now = kNow;
};

CallContext Call(TimePoint deadline = TimePoint::max()) {
  return CallContext(std::make_shared<CallIdentity>(), deadline, std::stop_token());
}

TEST(PausableLimitTest, TheLimitIsPausedWhileTheCallIsQueued) {
  PausableLimit limit(kNow, 60s, 300s);
  EXPECT_EQ(limit.deadline(), kNow + 60s);
  EXPECT_EQ(limit.latest_deadline(), kNow + 360s);
  limit.BeginWait(kWait, kNow + 10s);
  EXPECT_EQ(limit.deadline(), kNow + 360s) << "it may wait so long, and has 50 s left then";
  limit.EndWait(kNow + 40s);
  EXPECT_EQ(limit.deadline(), kNow + 90s);
  EXPECT_EQ(limit.latest_deadline(), kNow + 360s);
}

TEST(PausableLimitTest, AllWaitsTogetherHaveABound) {
  PausableLimit limit(kNow, 60s, 300s);
  EXPECT_EQ(limit.queue_until(kNow + 5s), kNow + 305s);
  limit.BeginWait(kWait, kNow + 10s);
  EXPECT_EQ(limit.queue_until(kNow + 20s), kNow + 310s);
  limit.EndWait(kNow + 210s);
  EXPECT_EQ(limit.queue_until(kNow + 250s), kNow + 350s) << "100 s are left";
  limit.BeginWait(kWait, kNow + 250s);
  limit.EndWait(kNow + 400s);
  EXPECT_EQ(limit.queue_until(kNow + 400s), kNow + 400s);
}

TEST(PausableLimitTest, WaitsAtTheSameTimeCountOnce) {
  PausableLimit limit(kNow, 60s, 300s);
  limit.BeginWait(kWait, kNow);
  limit.BeginWait(kWait, kNow + 5s);
  limit.EndWait(kNow + 10s);
  limit.EndWait(kNow + 20s);
  EXPECT_EQ(limit.deadline(), kNow + 80s);
}

TEST(PausableLimitTest, WithoutALimitOnlyTheWaitIsBounded) {
  const PausableLimit limit(kNow, 0s, 300s);
  EXPECT_EQ(limit.deadline(), TimePoint::max());
  EXPECT_EQ(limit.latest_deadline(), TimePoint::max());
  EXPECT_EQ(limit.queue_until(kNow + 10min), kNow + 15min);
}

TEST(PausableLimitTest, ReportsEachWait) {
  std::vector<std::string> told;
  PausableLimit limit([&](const QueueWait& wait, TimePoint) { told.push_back(wait.throttler); });
  limit.BeginWait(kWait, kNow);
  limit.EndWait(kNow + 1s);
  limit.BeginWait(QueueWait("authenticated", kNow), kNow + 2s);
  EXPECT_THAT(told, ElementsAre("sandbox-create", "authenticated"));
  EXPECT_EQ(limit.deadline(), TimePoint::max());
  EXPECT_EQ(limit.queue_until(kNow), TimePoint::max());
}

TEST(PausableLimitTest, AContextHasTheEarlierOfBothLimits) {
  const auto limit = std::make_shared<PausableLimit>(kNow, 60s, 300s);
  const CallContext call = Call(kNow + 100s).WithProgress(limit);
  EXPECT_EQ(call.deadline(), kNow + 60s);
  EXPECT_EQ(call.send_by(), kNow + 60s);
  EXPECT_EQ(call.queue_until(kNow), kNow + 100s);
  EXPECT_EQ(call.latest_deadline(), kNow + 100s);
  limit->BeginWait(kWait, kNow);
  limit->EndWait(kNow + 50s);
  EXPECT_EQ(call.deadline(), kNow + 100s);
  const CallContext fixed = call.WithFixedDeadline();
  limit->BeginWait(kWait, kNow + 50s);
  EXPECT_EQ(fixed.deadline(), kNow + 100s);
  EXPECT_EQ(fixed.progress(), nullptr);
}

TEST(PausableLimitTest, AScopeIsOneWait) {
  SetClock clock;
  const CallContext call = Call().WithProgress(std::make_shared<PausableLimit>(kNow, 60s, 300s));
  {
    const QueueWaitScope waiting(call, clock, kWait);
    clock.now += 20s;
  }
  EXPECT_EQ(call.deadline(), kNow + 80s);
  const QueueWaitScope nobody_has_to_know(Call(), clock, kWait);
}

class FlightWaitersTest : public testing::Test {
 protected:
  SetClock clock_;
  const CallContext short_ = Call(kNow + 1s);
  const CallContext long_ = Call(kNow + 60s);
  FlightWaiters waiters_{short_};
};

TEST_F(FlightWaitersTest, LastsAsLongAsTheLatestDeadlineOfItsMembers) {
  EXPECT_EQ(waiters_.send_by(), kNow + 1s) << "the first caller is about to enter";
  const FlightWaiters::Place first(waiters_, short_, clock_);
  EXPECT_EQ(waiters_.queue_until(kNow), kNow + 1s);
  {
    const FlightWaiters::Place second(waiters_, long_, clock_);
    EXPECT_EQ(waiters_.send_by(), kNow + 60s);
    EXPECT_EQ(waiters_.queue_until(kNow), kNow + 60s);
    EXPECT_EQ(waiters_.size(), 2U);
  }
  EXPECT_EQ(waiters_.send_by(), kNow + 1s);
}

TEST_F(FlightWaitersTest, AllMembersArePausedWheneverTheyJoined) {
  const CallContext early = Call().WithProgress(std::make_shared<PausableLimit>(kNow, 60s, 300s));
  const CallContext late = Call().WithProgress(std::make_shared<PausableLimit>(kNow, 60s, 300s));
  const CallContext gone = Call().WithProgress(std::make_shared<PausableLimit>(kNow, 60s, 300s));
  const FlightWaiters::Place first(waiters_, early, clock_);
  waiters_.BeginWait(kWait, kNow);
  clock_.now = kNow + 10s;
  const FlightWaiters::Place second(waiters_, late, clock_);
  {
    const FlightWaiters::Place third(waiters_, gone, clock_);
    clock_.now = kNow + 15s;
  }
  waiters_.EndWait(kNow + 30s);
  EXPECT_EQ(early.deadline(), kNow + 90s);
  EXPECT_EQ(late.deadline(), kNow + 80s);
  EXPECT_EQ(gone.deadline(), kNow + 65s);
}

TEST_F(FlightWaitersTest, AFlightWithinAFlightTellsTheCallersOfBoth) {
  const auto inner_of = [this] {
    return Call().ForFlight(TimePoint::max(), {}, std::shared_ptr<CallProgress>(&waiters_, [](CallProgress*) {}));
  };
  const CallContext outer_work = inner_of();
  const CallContext caller = Call().WithProgress(std::make_shared<PausableLimit>(kNow, 60s, 300s));
  const FlightWaiters::Place place(waiters_, caller, clock_);
  FlightWaiters inner(outer_work);
  const FlightWaiters::Place inner_place(inner, outer_work, clock_);
  EXPECT_EQ(inner.send_by(), kNow + 60s);
  inner.BeginWait(kWait, kNow);
  inner.EndWait(kNow + 30s);
  EXPECT_EQ(caller.deadline(), kNow + 90s);
}

}  // namespace
}  // namespace daytonad
