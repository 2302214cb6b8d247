#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RETRY_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RETRY_H_

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/upstream/v0/transport/rest_request.h"

namespace daytonad {

struct RetryPolicy {
  // The maximum number of attempts, at least 1, for background work, which comes again anyway, and after a 500, which
  // is rarely transient. Otherwise the limits are the call's deadline and the retry budget.
  int few_attempts = 4;
  // A call whose deadline is further away than `no_limit` counts as one without a deadline: it is repeated for this
  // long.
  Clock::Duration without_limit = std::chrono::seconds(60);
  Clock::Duration no_limit = std::chrono::hours(1);
  // Back-off: the n-th wait is a random part, half to all, of first_delay * 2^n, capped at max_delay.
  Clock::Duration first_delay = std::chrono::milliseconds(250);
  Clock::Duration max_delay = std::chrono::seconds(5);
  // The retry budget: consecutive retries of all calls together while everything fails, and the fraction that each
  // answer earns back. It keeps retries from multiplying the load on a broken upstream.
  double budget = 500;
  double budget_per_answer = 0.2;
  // After a 429 with a retry time, the next attempt waits in the RateBudget's queue, so the Retrier adds no wait of its
  // own.
  bool attempts_queue = false;
};

// A random number in [0, 1).
using RandomFraction = std::function<double()>;
RandomFraction SystemRandomFraction();

// Repeats attempts that are safe to repeat. All calls to one upstream share one Retrier and its budget.
//
// What is repeated: every request that was certainly not processed (no connection, or 429); reads and idempotent writes
// also after a broken connection, a 5xx, a timeout, a transient rejection, and an answer that is not Daytona's. Never
// repeated: after any other answer, and after a rejected certificate.
//
// How often: until the call's deadline; the budget protects upstream. Only a few times after a 500, and for background
// work.
//
// Waits: the server's retry time plus jitter, so that callers that were rejected together do not return together; else
// the back-off. It never waits past the call's deadline (for a shared read, the latest deadline of its callers): then
// it returns the error at once, with the wait in its RetryInfo.
//
// The caller gets the last error, with the metadata `attempts`, and `ended_by` (deadline, budget, or attempts) if
// another attempt would have been safe.
class Retrier {
 public:
  Retrier(Clock& clock, RetryPolicy policy, RandomFraction random);

  // `attempt` is called with the context, once or more. It returns a Task<absl::StatusOr<T>>.
  template <typename T, typename Attempt>
  Task<absl::StatusOr<T>> Run(CallContext context, Idempotency idempotency, Attempt attempt) {
    Progress progress;
    while (true) {
      absl::StatusOr<T> result = co_await attempt(context);
      if (result.ok()) {
        NoteAnswer();
        co_return result;
      }
      ++progress.attempts;
      const Decision decision = Decide(context, idempotency, progress, result.status());
      if (!decision.error.ok()) co_return decision.error;
      if (decision.wait == Clock::Duration::zero()) continue;
      if (absl::Status slept = co_await clock_.Sleep(context, decision.wait); !slept.ok()) co_return slept;
    }
  }

 private:
  struct Decision {
    absl::Status error;  // OK: wait, then try again
    Clock::Duration wait{};
  };

  struct Progress {
    int attempts = 0;
    // When the first attempt failed, not counting rejections by a rate limit.
    std::optional<Clock::TimePoint> failing_since;
    // The next attempt is queued until then.
    Clock::TimePoint queued_until = Clock::TimePoint::min();
  };

  Decision Decide(const CallContext& context, Idempotency idempotency, Progress& progress, const absl::Status& error);
  Clock::Duration Wait(int attempts, const absl::Status& error);
  // The latest time at which the next attempt may begin.
  Clock::TimePoint Limit(const CallContext& context, bool refused, Progress& progress) const;
  void NoteAnswer();

  Clock& clock_;
  const RetryPolicy policy_;
  RandomFraction random_;
  double tokens_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RETRY_H_
