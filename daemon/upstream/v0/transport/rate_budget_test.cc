#include "daemon/upstream/v0/transport/rate_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/base/flight_waiters.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Permit = RateBudget::Permit;

constexpr char kThrottler[] = "sandbox-create";

// Time stands unless a test moves it.
class RateBudgetTest : public testing::Test {
 protected:
  CallContext Caller(const std::string& client, std::optional<Clock::Duration> limit = std::nullopt) {
    auto identity = std::make_shared<CallIdentity>();
    identity->caller.client = client;
    const auto deadline = limit.has_value() ? clock_.Now() + *limit : Clock::TimePoint::max();
    return CallContext(std::move(identity), deadline, stop_.get_token());
  }

  // Asks for a turn under this name. What comes of it is in permits_ and order_, or in refusals_.
  void Ask(const std::string& name, CallContext context) {
    Spawn(io_.get_executor(), Acquire(this, name, std::move(context)));
    Settle();
  }
  static Task<void> Acquire(RateBudgetTest* self, std::string name, CallContext context) {
    absl::StatusOr<Permit> permit = co_await self->budget_.Acquire(std::move(context), kThrottler);
    if (permit.ok()) {
      self->order_.push_back(name);
      self->permits_.emplace(name, *std::move(permit));
    } else {
      self->refusals_[name] = permit.status();
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

  static HttpHeaders Headers(int limit, int remaining, int reset, const std::string& throttler = kThrottler) {
    HttpHeaders headers;
    headers.Add("x-ratelimit-limit-" + throttler, std::to_string(limit));
    headers.Add("X-RateLimit-Remaining-" + throttler, std::to_string(remaining));
    headers.Add("X-RateLimit-Reset-" + throttler, std::to_string(reset));
    return headers;
  }
  void Answer(const std::string& name, const HttpHeaders& headers) {
    permits_.at(name).Answered(headers);
    Settle();
  }
  // One request and its answer.
  void Learn(int limit, int remaining, int reset) {
    Ask("learn", Caller("learner"));
    Answer("learn", Headers(limit, remaining, reset));
    permits_.clear();
    order_.clear();
  }

  std::stop_source stop_;
  FakeClock clock_{FakeClock::Mode::kManual};
  boost::asio::io_context io_{1};
  RateBudget budget_{clock_};
  std::map<std::string, Permit> permits_;
  std::vector<std::string> order_;
  std::map<std::string, absl::Status> refusals_;
};

TEST_F(RateBudgetTest, GivesTurnsAtOnceWhileNothingIsKnown) {
  for (int i = 0; i < 50; ++i) Ask(absl::StrCat(i), Caller("a"));
  EXPECT_EQ(order_.size(), 50U);
  permits_.at("0").Answered(HttpHeaders());
  EXPECT_EQ(budget_.waiting(kThrottler), 0U);
}

TEST_F(RateBudgetTest, WhatExceedsTheWindowWaitsForTheNext) {
  Learn(3, 2, 60);
  for (const char* name : {"1", "2", "3", "4", "5", "6"}) Ask(name, Caller("a"));
  EXPECT_THAT(order_, ElementsAre("1", "2"));
  EXPECT_EQ(budget_.waiting(kThrottler), 4U);
  Advance(60s - 1ms);
  EXPECT_EQ(order_.size(), 2U);
  Advance(1ms);
  EXPECT_THAT(order_, ElementsAre("1", "2", "3", "4", "5")) << "not more than the limit";
  Answer("5", Headers(3, 0, 60));
  Advance(60s);
  EXPECT_EQ(order_.back(), "6");
}

TEST_F(RateBudgetTest, APermitThatIsReturnedGoesToTheNext) {
  Learn(3, 1, 60);
  Ask("1", Caller("a"));
  Ask("2", Caller("a"));
  permits_.at("1").NotSent();
  Settle();
  EXPECT_THAT(order_, ElementsAre("1", "2"));
}

TEST_F(RateBudgetTest, ClientsTakeTurnsHoweverManyCallsOneMakes) {
  Learn(3, 0, 60);
  for (int i = 0; i < 50; ++i) Ask(absl::StrCat("flood", i), Caller("flood"));
  Ask("single", Caller("single"));
  Advance(60s);
  EXPECT_THAT(order_, ElementsAre("flood0", "single", "flood1"));
}

TEST_F(RateBudgetTest, RejectsAtOnceWhatCannotBeSentInTimeAndSaysWhen) {
  Learn(2, 0, 60);
  Advance(18500ms);
  Ask("late", Caller("a", 41s));
  const absl::Status error = refusals_.at("late");
  EXPECT_EQ(error.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(error), "RATE_LIMITED");
  EXPECT_EQ(RetryDelay(error), 41500ms);
  EXPECT_EQ(ErrorMetadataValue(error, "throttler"), kThrottler);
  EXPECT_EQ(ErrorMetadataValue(error, "limit"), "2");
  EXPECT_EQ(ErrorMetadataValue(error, "ended_by"), "deadline");
  EXPECT_EQ(DeliveryOf(error), Delivery::kNotSent);
  EXPECT_THAT(std::string(error.message()), HasSubstr("in 41.5 s"));

  // Two have the next window; the third would have the one after it.
  Ask("1", Caller("a", 42s));
  Ask("2", Caller("a", 42s));
  Ask("3", Caller("a", 42s));
  Ask("other", Caller("b", 42s));
  EXPECT_EQ(RetryDelay(refusals_.at("3")), 101500ms);
  Ask("patient", Caller("a", 102s));
  EXPECT_EQ(budget_.waiting(kThrottler), 4U);
  Advance(42s);
  EXPECT_THAT(order_, ElementsAre("1", "other"));
  EXPECT_EQ(ErrorReason(refusals_.at("2")), "RATE_LIMITED") << "another client came before it";
}

TEST_F(RateBudgetTest, WaitersLearnAtOnceThatTheirPermitComesTooLate) {
  Learn(2, 1, 10);
  Ask("sent", Caller("a"));
  Ask("short", Caller("a", 20s));
  Ask("long", Caller("a", 200s));
  permits_.at("sent").Refused("", 50s);
  Settle();
  EXPECT_EQ(RetryDelay(refusals_.at("short")), 50s);
  EXPECT_EQ(budget_.waiting(kThrottler), 1U);
  Advance(50s);
  EXPECT_EQ(order_.back(), "long");
}

TEST_F(RateBudgetTest, AfterARefusalAProbeGoesAlone) {
  for (const char* name : {"1", "2"}) Ask(name, Caller("a"));
  permits_.at("1").Refused("", 5s);
  for (const char* name : {"3", "4", "5"}) Ask(name, Caller("a"));
  permits_.at("2").Answered(Headers(10, 0, 5));
  Advance(5s);
  EXPECT_EQ(order_.back(), "3");
  Advance(1s);
  EXPECT_EQ(order_.back(), "3");
  Answer("3", Headers(10, 9, 10));
  EXPECT_THAT(order_, ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(RateBudgetTest, ARefusalByAnotherLimitIsForThatOne) {
  Ask("1", Caller("a"));
  permits_.at("1").Refused("sandbox-list", 5s);
  Ask("2", Caller("a"));
  EXPECT_THAT(order_, ElementsAre("1", "2"));
  std::optional<absl::Status> error;
  const auto list = [](RateBudget* budget, CallContext context, std::optional<absl::Status>* out) -> Task<void> {
    *out = (co_await budget->Acquire(std::move(context), "sandbox-list")).status();
  };
  Spawn(io_.get_executor(), list(&budget_, Caller("a", 4s), &error));
  Settle();
  EXPECT_EQ(RetryDelay(*error), 5s);
}

TEST_F(RateBudgetTest, LearnsOfOtherLimitsFromEveryAnswer) {
  Ask("1", Caller("a"));
  HttpHeaders headers = Headers(5, 0, 30, "other");
  permits_.at("1").Answered(headers);
  std::optional<absl::Status> error;
  const auto other = [](RateBudget* budget, CallContext context, std::optional<absl::Status>* out) -> Task<void> {
    *out = (co_await budget->Acquire(std::move(context), "other")).status();
  };
  Spawn(io_.get_executor(), other(&budget_, Caller("a", 4s), &error));
  Settle();
  EXPECT_EQ(RetryDelay(*error), 30s);
}

TEST_F(RateBudgetTest, HeadersThatMakeNoSenseAreIgnored) {
  for (const char* reset : {"x", "-1", "1700000000", ""}) {
    HttpHeaders headers;
    headers.Add("X-RateLimit-Limit-sandbox-create", "3");
    headers.Add("X-RateLimit-Remaining-sandbox-create", "0");
    headers.Add("X-RateLimit-Reset-sandbox-create", reset);
    headers.Add("X-RateLimit-Limit-" + std::string(1000, 'x'), "3");
    Ask(reset, Caller("a"));
    Answer(reset, headers);
  }
  EXPECT_EQ(order_.size(), 4U);
}

TEST_F(RateBudgetTest, BackgroundWorkWaitsBehindEveryCallerAndLeavesThemAReserve) {
  Learn(10, 2, 60);
  Ask("poll1", Caller("daemon").AsBackground());
  Ask("poll2", Caller("daemon").AsBackground());
  Ask("call", Caller("a"));
  EXPECT_THAT(order_, ElementsAre("poll1", "call"));
  for (int i = 0; i < 5; ++i) Ask(absl::StrCat("call", i), Caller("a"));
  Ask("poll3", Caller("daemon").AsBackground());
  Advance(60s);
  EXPECT_THAT(order_, ElementsAre("poll1", "call", "call0", "call1", "call2", "call3", "call4", "poll2", "poll3"));
}

TEST_F(RateBudgetTest, TheReserveIsForCallers) {
  Learn(10, 1, 60);
  Ask("poll", Caller("daemon", 59s).AsBackground());
  EXPECT_EQ(RetryDelay(refusals_.at("poll")), 60s);
  Ask("call", Caller("a", 59s));
  EXPECT_THAT(order_, ElementsAre("call"));
}

TEST_F(RateBudgetTest, WhoIsCancelledLeavesTheQueue) {
  Learn(3, 0, 60);
  Ask("1", Caller("a"));
  const CallContext staying = Caller("a").WithStopToken(std::stop_token());
  Ask("2", staying);
  stop_.request_stop();
  Settle();
  EXPECT_EQ(refusals_.at("1").code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(DeliveryOf(refusals_.at("1")), Delivery::kNotSent);
  EXPECT_EQ(budget_.waiting(kThrottler), 1U);
  Advance(60s);
  EXPECT_THAT(order_, ElementsAre("2"));
}

TEST_F(RateBudgetTest, NothingSleepsWhenNobodyWaits) {
  Learn(3, 0, 60);
  Ask("1", Caller("a"));
  EXPECT_EQ(clock_.sleepers(), 2U) << "the waiter, and who wakes it";
  stop_.request_stop();
  Settle();
  EXPECT_EQ(clock_.sleepers(), 0U);
}

TEST_F(RateBudgetTest, DetachedWorkWaitsNoLongerThanItsCaller) {
  Learn(3, 0, 60);
  Ask("1", Caller("a", 10s).Detached(clock_.Now() + 120s));
  EXPECT_EQ(RetryDelay(refusals_.at("1")), 60s);
}

TEST_F(RateBudgetTest, WhatIsSharedWaitsAsLongAsTheLongestOfItsCallers) {
  Learn(3, 0, 60);
  const CallContext hurried = Caller("a", 100ms);
  const CallContext patient = Caller("b", 120s);
  const auto waiters = std::make_shared<FlightWaiters>(hurried);
  const FlightWaiters::Place first(*waiters, hurried, clock_);
  {
    const FlightWaiters::Place second(*waiters, patient, clock_);
    Ask("shared", hurried.ForFlight(clock_.Now() + 600s, std::stop_token(), waiters));
    Advance(100ms);
    EXPECT_THAT(refusals_, IsEmpty()) << "the first caller has left, or will";
    Advance(60s);
  }
  EXPECT_THAT(order_, ElementsAre("shared"));
}

TEST_F(RateBudgetTest, WhoJoinsLaterGivesMoreTime) {
  Learn(3, 0, 60);
  const CallContext first_caller = Caller("a", 61s);
  const CallContext second_caller = Caller("b", 200s);
  const auto waiters = std::make_shared<FlightWaiters>(first_caller);
  const FlightWaiters::Place first(*waiters, first_caller, clock_);
  Ask("probe", Caller("c", 100s));
  Ask("shared", first_caller.ForFlight(clock_.Now() + 600s, std::stop_token(), waiters));
  const FlightWaiters::Place second(*waiters, second_caller, clock_);
  Advance(60s);
  permits_.at("shared").NotSent();
  order_.clear();
  permits_.erase("shared");
  permits_.at("probe").Refused("", 90s);
  Ask("again", first_caller.ForFlight(clock_.Now() + 600s, std::stop_token(), waiters));
  Advance(1s);
  EXPECT_THAT(refusals_, IsEmpty());
  Advance(89s);
  EXPECT_THAT(order_, ElementsAre("again"));
}

TEST_F(RateBudgetTest, ALimitThatNobodyChoseDoesNotCountTheQueue) {
  Learn(2, 0, 60);
  std::vector<double> told;
  const auto limit =
      std::make_shared<PausableLimit>(clock_.Now(), 10s, 100s, [&](const QueueWait& wait, Clock::TimePoint now) {
        EXPECT_EQ(wait.throttler, kThrottler);
        told.push_back(std::chrono::duration<double>(wait.until - now).count());
      });
  const CallContext caller = Caller("a").WithProgress(limit);
  Ask("1", caller);
  EXPECT_THAT(told, ElementsAre(60.0));
  Advance(60s);
  EXPECT_THAT(order_, ElementsAre("1"));
  EXPECT_EQ(caller.deadline(), clock_.Now() + 10s);
}

TEST_F(RateBudgetTest, AQueueThatIsTooLongIsRefusedAtOnceWhateverTheLimit) {
  Learn(2, 0, 60);
  Ask("1", Caller("a").WithProgress(std::make_shared<PausableLimit>(clock_.Now(), 0s, 59s)));
  EXPECT_EQ(RetryDelay(refusals_.at("1")), 60s);
}

TEST_F(RateBudgetTest, EndsWellWithPeopleWaiting) {
  Learn(3, 1, 60);
  for (const char* name : {"1", "2", "3"}) Ask(name, Caller("a"));
  EXPECT_THAT(refusals_, IsEmpty());
}

}  // namespace
}  // namespace daytonad
