#include "daemon/upstream/v0/transport/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/upstream/testing/fake_http_client.h"
#include "daemon/upstream/v0/transport/errors.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;

absl::Status Answered(int http_status, std::optional<std::string> retry_after = std::nullopt) {
  HttpResponse response;
  response.status = http_status;
  if (retry_after.has_value()) response.headers.Add("Retry-After-sandbox-create", *retry_after);
  response.body = Json{{"path", "/api/x"}, {"statusCode", http_status}, {"message", "no"}}.dump();
  return ErrorFromResponse(RestRequest(HttpMethod::kGet, Idempotency::kRead, {"x"}), response);
}

class RetrierTest : public testing::Test {
 protected:
  explicit RetrierTest(RetryPolicy policy = RetryPolicy())
      : retrier_(std::in_place, clock_, policy, [this] { return random_; }) {}

  // Runs one call whose attempts end as given, and then with 7.
  absl::StatusOr<int> Run(Idempotency idempotency, std::deque<absl::Status> failures) {
    failures_ = std::move(failures);
    attempts_ = 0;
    return RunTask(Loop(idempotency));
  }

  CallContext Caller(Clock::Duration limit) const {
    return CallContext(std::make_shared<CallIdentity>(), clock_.Now() + limit, std::stop_token());
  }

  Task<absl::StatusOr<int>> Loop(Idempotency idempotency) {
    auto attempt = [this](CallContext) { return Attempt(); };
    co_return co_await retrier_->Run<int>(context_, idempotency, std::move(attempt));
  }

  Task<absl::StatusOr<int>> Attempt() {
    ++attempts_;
    if (failures_.empty()) co_return 7;
    absl::Status failure = std::move(failures_.front());
    failures_.pop_front();
    co_return failure;
  }

  double random_ = 0.5;
  FakeClock clock_;
  CallContext context_ = CallContext::Background("test");
  std::optional<Retrier> retrier_;
  std::deque<absl::Status> failures_;
  int attempts_ = 0;
};

TEST_F(RetrierTest, GivesTheFirstAnswer) {
  EXPECT_EQ(*Run(Idempotency::kNotIdempotent, {}), 7);
  EXPECT_EQ(attempts_, 1);
  EXPECT_THAT(clock_.sleeps(), IsEmpty());
}

struct SafetyCase {
  const char* name;
  absl::Status error;
  bool repeated_if_idempotent;
  bool repeated_otherwise;
};

void PrintTo(const SafetyCase& safety_case, std::ostream* out) { *out << safety_case.name; }

class RetrierSafetyTest : public RetrierTest, public testing::WithParamInterface<SafetyCase> {};

TEST_P(RetrierSafetyTest, RepeatsOnlyWhatIsSafe) {
  for (const Idempotency idempotency :
       {Idempotency::kRead, Idempotency::kIdempotentWrite, Idempotency::kNotIdempotent}) {
    const bool repeated =
        idempotency == Idempotency::kNotIdempotent ? GetParam().repeated_otherwise : GetParam().repeated_if_idempotent;
    const absl::StatusOr<int> result = Run(idempotency, {GetParam().error});
    EXPECT_EQ(attempts_, repeated ? 2 : 1);
    EXPECT_EQ(result.ok(), repeated);
    if (!repeated) {
      EXPECT_EQ(result.status(), GetParam().error) << "unchanged";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , RetrierSafetyTest,
    testing::Values(
        SafetyCase{"RateLimited", Answered(429, "1"), true, true},
        SafetyCase{"Refused", ConnectionRefused(), true, true},
        SafetyCase{"ConnectionLost", ConnectionLost(), true, false},
        SafetyCase{"BadGateway", Answered(502), true, false}, SafetyCase{"Unavailable", Answered(503), true, false},
        SafetyCase{"GatewayTimeout", Answered(504), true, false}, SafetyCase{"ServerError", Answered(500), true, false},
        SafetyCase{"BadRequest", Answered(400), false, false}, SafetyCase{"Unauthorized", Answered(401), false, false},
        SafetyCase{"Conflict", Answered(409), false, false}, SafetyCase{"Cancelled", CancelledError(), false, false},
        SafetyCase{"Deadline", DeadlineExceededError(), false, false},
        SafetyCase{"ShuttingDown", MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", ""), false, false},
        SafetyCase{
            "BadCertificate",
            WithDelivery(MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_TLS_FAILED", ""), Delivery::kNotSent),
            false, false}),
    [](const auto& info) { return info.param.name; });

TEST_F(RetrierTest, BacksOffLongerEachTime) {
  const absl::StatusOr<int> result =
      Run(Idempotency::kRead, {ConnectionLost(), ConnectionLost(), ConnectionLost(), ConnectionLost()});
  EXPECT_EQ(attempts_, 4);
  // Three quarters of 250, 500 and 1000 ms, with a random number in the middle.
  EXPECT_THAT(clock_.sleeps(), ElementsAre(187500us, 375ms, 750ms));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorMetadataValue(result.status(), "attempts"), "4");
  EXPECT_EQ(ErrorMetadataValue(result.status(), "ended_by"), "attempts");
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("Gave up after 4 attempts"));
}

TEST_F(RetrierTest, ACallIsRepeatedAsLongAsItLasts) {
  context_ = Caller(60s);
  const Clock::TimePoint start = clock_.Now();
  const absl::StatusOr<int> result = Run(Idempotency::kRead, std::deque<absl::Status>(100, ConnectionLost()));
  EXPECT_GT(clock_.Now() - start, 50s);
  EXPECT_LE(clock_.Now() - start, 60s);
  EXPECT_GT(attempts_, 10);
  EXPECT_THAT(clock_.sleeps(), Each(Le(5s))) << "the back-off grows no further";
  EXPECT_EQ(ErrorReason(result.status()), "UPSTREAM_CONNECTION_LOST") << "and not that the time was up";
  EXPECT_EQ(ErrorMetadataValue(result.status(), "ended_by"), "deadline");
}

TEST_F(RetrierTest, AMutationIsRepeatedAsLongAsItIsSurelyNotSent) {
  context_ = Caller(60s);
  EXPECT_TRUE(Run(Idempotency::kNotIdempotent, std::deque<absl::Status>(8, ConnectionRefused())).ok());
  EXPECT_EQ(attempts_, 9);
}

TEST_F(RetrierTest, ACallWithoutALimitIsRepeatedForAMinute) {
  context_ = Caller(24h);
  const Clock::TimePoint start = clock_.Now();
  EXPECT_FALSE(Run(Idempotency::kRead, std::deque<absl::Status>(100, ConnectionLost())).ok());
  EXPECT_GT(clock_.Now() - start, 50s);
  EXPECT_LE(clock_.Now() - start, 60s);
}

TEST_F(RetrierTest, NothingIsRepeatedThatNobodyWouldLiveToSee) {
  context_ = Caller(10s).Detached(clock_.Now() + 120s);
  const Clock::TimePoint start = clock_.Now();
  EXPECT_FALSE(Run(Idempotency::kRead, std::deque<absl::Status>(100, ConnectionLost())).ok());
  EXPECT_LE(clock_.Now() - start, 10s);
}

TEST_F(RetrierTest, JittersWithinHalfToAllOfTheBackOff) {
  for (const double random : {0.0, 0.3, 0.999}) {
    random_ = random;
    (void)Run(Idempotency::kRead, {ConnectionLost()});
  }
  ASSERT_EQ(clock_.sleeps().size(), 3U);
  EXPECT_THAT(clock_.sleeps(), Each(AllOf(Ge(125ms), Le(250ms))));
  EXPECT_NE(clock_.sleeps()[0], clock_.sleeps()[1]);
}

TEST_F(RetrierTest, WaitsAsLongAsTheServerSays) {
  random_ = 0;
  EXPECT_TRUE(Run(Idempotency::kNotIdempotent, {Answered(429, "12")}).ok());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(12s));
}

TEST_F(RetrierTest, ComesBackALittleLaterThanTheServerSaysSoThatNotAllComeTogether) {
  EXPECT_TRUE(Run(Idempotency::kNotIdempotent, {Answered(429, "12")}).ok());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(12s + 125ms));
}

TEST_F(RetrierTest, DoesNotHammerAServerThatSaysNow) {
  random_ = 0;
  EXPECT_TRUE(Run(Idempotency::kNotIdempotent, {Answered(429, "0")}).ok());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(250ms));
}

TEST_F(RetrierTest, LeavesTheWaitToAttemptsThatQueue) {
  RetryPolicy policy;
  policy.attempts_queue = true;
  retrier_.emplace(clock_, policy, [] { return 0.5; });
  EXPECT_TRUE(Run(Idempotency::kNotIdempotent, {Answered(429, "12"), Answered(429)}).ok());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(375ms)) << "the second did not say how long";
}

TEST_F(RetrierTest, WaitsItselfIfTheAttemptDidNot) {
  RetryPolicy policy;
  policy.attempts_queue = true;
  retrier_.emplace(clock_, policy, [] { return 0.0; });
  context_ = Caller(60s);
  EXPECT_TRUE(Run(Idempotency::kRead, {Answered(429, "12"), Answered(429, "12"), Answered(429, "12")}).ok());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(12s)) << "no limit keeps the attempt back: not a tight loop";
}

TEST_F(RetrierTest, APermitThatWouldComeTooLateIsFinal) {
  const absl::Status refused = MakeError(absl::StatusCode::kResourceExhausted, "RATE_LIMITED", "no permit in time");
  EXPECT_EQ(Run(Idempotency::kRead, {refused}).status(), refused);
  const absl::StatusOr<int> result = Run(Idempotency::kRead, {ConnectionLost(), refused});
  EXPECT_EQ(ErrorMetadataValue(result.status(), "attempts"), "1") << "requests that were made";
}

TEST_F(RetrierTest, GivesUpAtOnceIfTheServersWaitPassesTheDeadline) {
  context_ = context_.WithDeadline(clock_.Now() + 10s);
  const absl::StatusOr<int> result = Run(Idempotency::kNotIdempotent, {Answered(429, "12")});
  EXPECT_THAT(clock_.sleeps(), IsEmpty());
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(result.status()), "RATE_LIMITED");
  EXPECT_EQ(RetryDelay(result.status()), 12s) << "the exact wait";
  EXPECT_EQ(ErrorMetadataValue(result.status(), "ended_by"), "deadline");
  EXPECT_EQ(ErrorMetadataValue(result.status(), "throttler"), "sandbox-create");
  EXPECT_EQ(ErrorMetadataValue(result.status(), "attempts"), "1");
}

TEST_F(RetrierTest, GivesUpAtOnceIfTheBackOffPassesTheDeadline) {
  context_ = context_.WithDeadline(clock_.Now() + 100ms);
  const absl::StatusOr<int> result = Run(Idempotency::kRead, {ConnectionRefused()});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorMetadataValue(result.status(), "ended_by"), "deadline");
  EXPECT_EQ(RetryDelay(result.status()), 188ms);
}

// The next one, after 188 ms, would be answered when the caller has left.
TEST_F(RetrierTest, GivesUpIfTheBackOffEndsInTheCallsLastMoment) {
  context_ = context_.WithDeadline(clock_.Now() + 200ms);
  const absl::StatusOr<int> result = Run(Idempotency::kRead, {ConnectionRefused()});
  EXPECT_EQ(ErrorMetadataValue(result.status(), "ended_by"), "deadline");
  EXPECT_EQ(ErrorMetadataValue(result.status(), "attempts"), "1");
}

TEST_F(RetrierTest, TellsHowManyAttemptsAFinalErrorTook) {
  const absl::StatusOr<int> result = Run(Idempotency::kRead, {Answered(503), Answered(401)});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorMetadataValue(result.status(), "attempts"), "2");
  EXPECT_EQ(ErrorMetadataValue(result.status(), "ended_by"), std::nullopt);
}

class RetrierBudgetTest : public RetrierTest {
 protected:
  RetrierBudgetTest() : RetrierTest(SmallBudget()) {}

  static RetryPolicy SmallBudget() {
    RetryPolicy policy;
    policy.budget = 2;
    policy.budget_per_answer = 0.5;
    return policy;
  }
};

TEST_F(RetrierBudgetTest, IsSharedByAllCallsAndEarnedBackByAnswers) {
  EXPECT_TRUE(Run(Idempotency::kRead, {ConnectionLost()}).ok());  // 2 - 1 + 0.5
  EXPECT_TRUE(Run(Idempotency::kRead, {ConnectionLost()}).ok());  // 1.5 - 1 + 0.5
  EXPECT_TRUE(Run(Idempotency::kRead, {ConnectionLost()}).ok());  // 1 - 1 + 0.5
  const absl::StatusOr<int> result = Run(Idempotency::kRead, {ConnectionLost()});
  EXPECT_EQ(attempts_, 1);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorMetadataValue(result.status(), "ended_by"), "budget");
  EXPECT_EQ(Run(Idempotency::kRead, {Answered(404)}).status().code(),
            absl::StatusCode::kNotFound);  // an answer, too: 1
  EXPECT_TRUE(Run(Idempotency::kRead, {ConnectionLost()}).ok());
}

TEST_F(RetrierBudgetTest, IsNotNeededToComeBackWhenTheServerSaidSo) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Run(Idempotency::kRead, {Answered(429, "1"), Answered(429, "1"), Answered(429, "1"), Answered(400)})
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(RetrierTest, EndsAtOnceWhenCancelledWhileItWaits) {
  FakeClock standing(FakeClock::Mode::kManual);
  Retrier retrier(standing, RetryPolicy(), [] { return 0.5; });
  std::stop_source stop;
  boost::asio::io_context io(1);
  CallContext context = context_.WithStopToken(stop.get_token());
  std::optional<absl::StatusOr<int>> result;
  auto attempt = [](CallContext) -> Task<absl::StatusOr<int>> { co_return ConnectionRefused(); };
  boost::asio::co_spawn(io, retrier.Run<int>(context, Idempotency::kRead, attempt),
                        [&](std::exception_ptr, absl::StatusOr<int> value) { result = std::move(value); });
  io.poll();
  ASSERT_FALSE(result.has_value());
  stop.request_stop();
  io.restart();
  io.poll();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace daytonad
