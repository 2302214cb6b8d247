#include "daemon/base/flight.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/base/error.h"
#include "daemon/base/testing/fake_clock.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using Result = absl::StatusOr<int>;

// Time stands unless a test moves it.
class FlightTest : public testing::Test {
 protected:
  CallContext Caller(Clock::Duration limit) {
    return CallContext(std::make_shared<CallIdentity>(), clock_.Now() + limit, std::stop_token());
  }
  CallContext CallerWithoutTimeout(Clock::Duration limit) {
    return CallContext(std::make_shared<CallIdentity>(), Clock::TimePoint::max(), std::stop_token())
        .WithProgress(std::make_shared<PausableLimit>(clock_.Now(), limit, 300s));
  }

  // Work that notes its context, and ends with 7 when a test says so or it is cancelled.
  void Start(const CallContext& first) {
    flight_ = Flight<Result>::Start(io_.get_executor(), first, clock_.Now() + 600s,
                                    [this](CallContext context) { return Work(std::move(context)); });
  }
  Task<Result> Work(CallContext context) {
    work_ = context;
    const absl::Status waited = co_await end_.Wait(clock_, std::move(context));
    if (!waited.ok()) co_return waited;
    co_return 7;
  }

  struct Caught {
    std::optional<Result> result;
  };
  std::shared_ptr<Caught> Join(const CallContext& context, bool to_the_end = false) {
    auto caught = std::make_shared<Caught>();
    Spawn(io_.get_executor(), Catch(this, context, to_the_end, caught));
    Settle();
    return caught;
  }
  static Task<void> Catch(FlightTest* self, CallContext context, bool to_the_end, std::shared_ptr<Caught> caught) {
    if (to_the_end) {
      caught->result = co_await Flight<Result>::JoinToTheEnd(self->flight_, self->clock_, std::move(context));
    } else {
      caught->result = co_await Flight<Result>::Join(self->flight_, self->clock_, std::move(context));
    }
  }

  void Settle() {
    io_.restart();
    io_.poll();
  }
  void Advance(Clock::Duration duration) {
    clock_.Advance(duration);
    Settle();
  }

  FakeClock clock_{FakeClock::Mode::kManual};
  boost::asio::io_context io_{1};
  Event end_;
  std::shared_ptr<Flight<Result>> flight_;
  std::optional<CallContext> work_;
};

TEST_F(FlightTest, AllWhoJoinedGetTheResult) {
  Start(Caller(1s));
  const auto first = Join(Caller(1s));
  const auto second = Join(Caller(60s));
  end_.Fire();
  Settle();
  EXPECT_EQ(**first->result, 7);
  EXPECT_EQ(**second->result, 7);
}

TEST_F(FlightTest, TheWorkIsWorthItForWhoeverHasMostTime) {
  Start(Caller(100ms));
  const auto first = Join(Caller(100ms));
  EXPECT_EQ(work_->send_by(), clock_.Now() + 100ms);
  const auto second = Join(Caller(60s));
  EXPECT_EQ(work_->send_by(), clock_.Now() + 60s);
  EXPECT_EQ(work_->queue_until(clock_.Now()), clock_.Now() + 60s);
  Advance(100ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(first->result->status()));
  EXPECT_FALSE(work_->cancelled());
  end_.Fire();
  Settle();
  EXPECT_EQ(**second->result, 7);
}

TEST_F(FlightTest, EndsWhenTheLastHasLeft) {
  Start(Caller(1s));
  const auto first = Join(Caller(1s));
  const auto second = Join(Caller(2s));
  Advance(1s);
  EXPECT_FALSE(flight_->abandoned());
  Advance(1s);
  EXPECT_TRUE(flight_->abandoned());
  EXPECT_TRUE(work_->cancelled());
}

TEST_F(FlightTest, WhileTheWorkIsQueuedTheLimitsOfItsCallersArePaused) {
  Start(CallerWithoutTimeout(60s));
  const auto patient = Join(CallerWithoutTimeout(60s));
  const auto hurried = Join(Caller(60s));
  {
    const QueueWaitScope waiting(*work_, clock_, QueueWait("sandbox-create", clock_.Now() + 50s));
    Advance(50s);
  }
  Advance(10s);
  EXPECT_TRUE(absl::IsDeadlineExceeded(hurried->result->status()));
  EXPECT_FALSE(patient->result.has_value());
  Advance(49s);
  EXPECT_FALSE(patient->result.has_value());
  Advance(1s);
  EXPECT_TRUE(absl::IsDeadlineExceeded(patient->result->status())) << "50 s in the queue, 60 s since";
}

TEST_F(FlightTest, ALimitThatWasFarWhileTheWorkWaitedComesNearAgain) {
  Start(CallerWithoutTimeout(10s));
  const auto caller = Join(CallerWithoutTimeout(10s));
  {
    const QueueWaitScope waiting(*work_, clock_, QueueWait("sandbox-create", clock_.Now() + 50s));
    Advance(50s);  // its old deadline has passed, and the new one was not known
  }
  Advance(10s);
  EXPECT_TRUE(absl::IsDeadlineExceeded(caller->result->status()));
}

TEST_F(FlightTest, WorkMayEndBeforeTheFirstHasJoined) {
  end_.Fire();
  Start(Caller(1s));
  Settle();
  const auto first = Join(Caller(1s));
  ASSERT_TRUE(first->result.has_value());
  EXPECT_EQ(**first->result, 7);
}

TEST_F(FlightTest, WhoJoinsToTheEndLearnsHowItEnded) {
  Start(Caller(1s));
  const auto caller = Join(Caller(1s), /*to_the_end=*/true);
  Advance(1s);
  EXPECT_TRUE(absl::IsCancelled(caller->result->status())) << "what the work ended with";
}

std::string OutcomeOf(const absl::Status& status) { return ErrorMetadataValue(status, "outcome").value_or("known"); }

TEST_F(FlightTest, ACallerThatLeavesAfterAMutationWasSentLearnsThatItsOutcomeIsUnknown) {
  Start(Caller(60s));
  const auto before = Join(Caller(1s));
  const auto after = Join(Caller(2s));
  Advance(1s);
  work_->progress()->MutationSent();
  Advance(1s);
  EXPECT_EQ(OutcomeOf(before->result->status()), "known");
  EXPECT_EQ(OutcomeOf(after->result->status()), "unknown");
}

TEST_F(FlightTest, ARefusedMutationDoesNotCount) {
  Start(Caller(60s));
  const auto none = Join(Caller(1s));
  const auto one = Join(Caller(2s));
  work_->progress()->MutationSent();
  work_->progress()->MutationRefused();
  Advance(1s);
  EXPECT_EQ(OutcomeOf(none->result->status()), "known");
  work_->progress()->MutationSent();
  work_->progress()->MutationSent();
  work_->progress()->MutationRefused();
  Advance(1s);
  EXPECT_EQ(OutcomeOf(one->result->status()), "unknown");
}

TEST_F(FlightTest, AFlightWithinAFlightTellsBoth) {
  Start(Caller(60s));
  const auto caller = Join(Caller(1s));
  // The work of the outer flight waits for that of an inner one.
  const auto outer = std::exchange(flight_, nullptr);
  Start(*work_);
  const auto inner = Join(*work_);
  work_->progress()->MutationSent();
  Advance(1s);
  EXPECT_EQ(OutcomeOf(caller->result->status()), "unknown");
  EXPECT_TRUE(outer->abandoned());
}

}  // namespace
}  // namespace daytonad
