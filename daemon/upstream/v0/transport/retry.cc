#include "daemon/upstream/v0/transport/retry.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {
namespace {

bool HasAnswer(const absl::Status& error) { return ErrorMetadataValue(error, "http_status").has_value(); }

// An attempt that begins so late has its answer when the caller has left: the error at hand tells more.
constexpr std::chrono::milliseconds kLastMoment(50);

enum class Safety { kFinal, kIfIdempotent, kAlways };

// Is it safe to send a request again that ended with this?
Safety SafetyOf(const absl::Status& error) {
  const std::string reason = ErrorReason(error);
  // Without an answer, the rate budget rejected it, and has already considered the deadline.
  if (reason == "RATE_LIMITED") return HasAnswer(error) ? Safety::kAlways : Safety::kFinal;
  if (reason == "UPSTREAM_UNAVAILABLE" || reason == "UPSTREAM_TIMED_OUT" || reason == "UPSTREAM_INTERNAL" ||
      reason == "UPSTREAM_FOREIGN_ANSWER" || reason == "NO_CAPACITY") {
    return Safety::kIfIdempotent;
  }
  if (reason == "UPSTREAM_UNREACHABLE" || reason == "UPSTREAM_CONNECTION_LOST" || reason == "DAEMON_EXHAUSTED" ||
      reason == "CONTEXT_STORE_UNAVAILABLE") {
    return DeliveryOf(error) == Delivery::kNotSent ? Safety::kAlways : Safety::kIfIdempotent;
  }
  return Safety::kFinal;
}

// What the server itself asked for, as against what the transport suggests.
std::optional<std::chrono::milliseconds> ServerDelay(const absl::Status& error) {
  return HasAnswer(error) ? RetryDelay(error) : std::nullopt;
}

std::string Seconds(Clock::Duration duration) {
  return absl::StrFormat("%.3g s", std::chrono::duration<double>(duration).count());
}

absl::Status GivenUp(const absl::Status& error, int attempts, std::string_view ended_by, std::string_view why) {
  absl::Status result =
      WithErrorMessage(error, absl::StrCat(error.message(), " Gave up after ", attempts,
                                           attempts == 1 ? " attempt: " : " attempts: ", AbslView(why), "."));
  result = WithErrorMetadata(std::move(result), "attempts", std::to_string(attempts));
  return WithErrorMetadata(std::move(result), "ended_by", ended_by);
}

}  // namespace

RandomFraction SystemRandomFraction() {
  auto engine = std::make_shared<std::mt19937_64>(std::random_device()());
  return [engine] { return std::uniform_real_distribution<double>()(*engine); };
}

Retrier::Retrier(Clock& clock, RetryPolicy policy, RandomFraction random)
    : clock_(clock), policy_(policy), random_(std::move(random)), tokens_(policy.budget) {}

void Retrier::NoteAnswer() { tokens_ = std::min(policy_.budget, tokens_ + policy_.budget_per_answer); }

Clock::Duration Retrier::Wait(int attempts, const absl::Status& error) {
  Clock::Duration longest = policy_.first_delay;
  for (int i = 1; i < attempts && longest < policy_.max_delay; ++i) longest *= 2;
  longest = std::min(longest, policy_.max_delay);
  const auto part = [](Clock::Duration whole, double fraction) {
    return std::chrono::duration_cast<Clock::Duration>(whole * fraction);
  };
  if (const auto asked = ServerDelay(error)) {
    // Never less than requested; and if upstream always says "now", do not retry in a tight loop.
    return std::max<Clock::Duration>(*asked, policy_.first_delay) + part(policy_.first_delay, random_());
  }
  return part(longest, 0.5 + 0.5 * random_());
}

Clock::TimePoint Retrier::Limit(const CallContext& context, bool refused, Progress& progress) const {
  const Clock::TimePoint now = clock_.Now();
  if (refused) {
    progress.failing_since.reset();
    return context.queue_until(now);
  }
  const Clock::TimePoint since = *(progress.failing_since = progress.failing_since.value_or(now));
  // Nobody would wait for a later attempt.
  const Clock::TimePoint limit = context.send_by();
  return limit - since > policy_.no_limit ? since + policy_.without_limit : limit;
}

Retrier::Decision Retrier::Decide(const CallContext& context, Idempotency idempotency, Progress& progress,
                                  const absl::Status& error) {
  const int attempts = progress.attempts;
  const Safety safety = SafetyOf(error);
  if (safety == Safety::kFinal || (safety == Safety::kIfIdempotent && idempotency == Idempotency::kNotIdempotent)) {
    if (HasAnswer(error)) NoteAnswer();
    // The rate budget rejected it before it was sent.
    const int made = ErrorReason(error) == "RATE_LIMITED" ? attempts - 1 : attempts;
    return {attempts == 1 ? error : WithErrorMetadata(error, "attempts", std::to_string(made))};
  }
  const bool few = context.background() || ErrorReason(error) == "UPSTREAM_INTERNAL";
  if (few && attempts >= policy_.few_attempts) {
    return {GivenUp(error, attempts, "attempts", "more would hardly help")};
  }
  const bool asked_to_wait = ServerDelay(error).has_value();
  const bool refused = asked_to_wait && ErrorReason(error) == "RATE_LIMITED";
  const Clock::Duration wait = Wait(attempts, error);
  const Clock::TimePoint now = clock_.Now();
  if (wait + kLastMoment >= Limit(context, refused, progress) - now) {
    absl::Status given_up =
        GivenUp(error, attempts, "deadline",
                absl::StrCat("the next one, in ", Seconds(wait), ", would come after the call's time limit"));
    if (asked_to_wait) return {given_up};
    return {WithRetryDelay(std::move(given_up), std::chrono::ceil<std::chrono::milliseconds>(wait))};
  }
  // A retry at the time that a 429 gave adds no load, so it does not count against the budget.
  if (safety != Safety::kAlways || !asked_to_wait) {
    if (tokens_ < 1) return {GivenUp(error, attempts, "budget", "too many requests to Daytona failed recently")};
    tokens_ -= 1;
  }
  // If the attempt was not queued until that time, its limit is not one that the RateBudget knows: wait here.
  const bool waits_later = refused && policy_.attempts_queue && now >= progress.queued_until;
  if (!waits_later) return {absl::OkStatus(), wait};
  progress.queued_until = now + *ServerDelay(error);
  return {absl::OkStatus(), Clock::Duration::zero()};
}

}  // namespace daytonad
