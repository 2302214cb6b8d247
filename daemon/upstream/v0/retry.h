#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_RETRY_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_RETRY_H_

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/upstream/v0/rest_request.h"

namespace daytonad {

struct RetryPolicy {
  // Requests made altogether, at least 1, where going on helps nobody: what the daemon does on its own account comes
  // again by itself, and a 500 is a fault of Daytona's own that seldom passes. Otherwise the limits of a call are its
  // deadline and the budget.
  int few_attempts = 4;
  // A call whose deadline is further away than `no_limit` was given none: it is repeated for this long.
  Clock::Duration without_limit = std::chrono::seconds(60);
  Clock::Duration no_limit = std::chrono::hours(1);
  // Back-off: the n-th wait is a random part, half to all, of first_delay * 2^n, which grows no further than max_delay.
  Clock::Duration first_delay = std::chrono::milliseconds(250);
  Clock::Duration max_delay = std::chrono::seconds(5);
  // Retries that all calls together may make in a row while everything fails, and the part of one that each answer
  // earns back: a broken upstream is not hit several times as hard.
  double budget = 500;
  double budget_per_answer = 0.2;
  // After a 429 that says when to come back, the attempt itself waits for its turn (RateBudget): no wait here before.
  bool attempts_queue = false;
};

// A number from 0 to below 1.
using RandomFraction = std::function<double()>;
RandomFraction SystemRandomFraction();

// Repeats what is safe to repeat. One object for all calls to one upstream, since they share the budget.
//
// What is repeated: everything, if it was surely not processed (no connection, or 429); reads and idempotent writes
// also after a broken connection, any 5xx, a time-out, a refusal that passes, and an answer that is not Daytona's.
// Never: after an answer that means something else, after a refused certificate.
//
// How often: as long as the call lasts, be upstream away for a second or for a minute; the budget protects upstream. A
// few times only after a 500, and for what the daemon does on its own account.
//
// How long it waits: as long as the server said, with a little added so that callers which were sent away together do
// not come back together; else the back-off. It never waits past the call's deadline (of a shared read, the latest of
// those who wait for it): then the error is returned at once, and its RetryInfo says how long the wait would have been.
//
// The last error is what a caller gets, with the metadata `attempts`, and `ended_by` (deadline, budget, or attempts) if
// another attempt would have been safe.
class Retrier {
 public:
  Retrier(Clock& clock, RetryPolicy policy, RandomFraction random);

  // `attempt` is called with the context, once or more, and returns a Task<absl::StatusOr<T>>.
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
    // When the first one failed, refusals by a rate limit not counted.
    std::optional<Clock::TimePoint> failing_since;
    // The next attempt waits for its turn until then.
    Clock::TimePoint queued_until = Clock::TimePoint::min();
  };

  Decision Decide(const CallContext& context, Idempotency idempotency, Progress& progress, const absl::Status& error);
  Clock::Duration Wait(int attempts, const absl::Status& error);
  // Until when the next attempt has to begin.
  Clock::TimePoint Limit(const CallContext& context, bool refused, Progress& progress) const;
  void NoteAnswer();

  Clock& clock_;
  const RetryPolicy policy_;
  RandomFraction random_;
  double tokens_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_RETRY_H_
