#ifndef DAYTONAD_DAEMON_OPERATIONS_POLLING_H_
#define DAYTONAD_DAEMON_OPERATIONS_POLLING_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/error.h"
#include "daemon/base/task.h"

namespace daytonad {

// How often to look: quickly at first, because most changes come soon, then slower.
struct PollPolicy {
  Clock::Duration first = std::chrono::milliseconds(100);
  double growth = 1.25;
  Clock::Duration longest = std::chrono::seconds(1);
  // For so long the first pause is repeated before it begins to grow.
  Clock::Duration quick_for = std::chrono::seconds(0);
};

// The pauses that a policy asks for, one after another.
class PollBackoff {
 public:
  explicit PollBackoff(const PollPolicy& policy) : policy_(policy), next_(policy.first) {}

  Clock::Duration Next() {
    const Clock::Duration pause = next_;
    paused_ += pause;
    if (paused_ < policy_.quick_for) return pause;
    const auto grown = std::chrono::duration_cast<Clock::Duration>(next_ * policy_.growth);
    next_ = std::min(grown, policy_.longest);
    return pause;
  }

 private:
  PollPolicy policy_;
  Clock::Duration next_;
  Clock::Duration paused_{};
};

// Upstream could not answer just now. A wait goes on in spite of it: its own time limit bounds it.
inline bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || ErrorReason(status) == "RATE_LIMITED";
}

// How long an operation may take, as two limits: `call` is the caller's own deadline, `wait` also knows the request's
// `timeout` and is never later.
struct WaitContext {
  WaitContext(const CallContext& call, Clock& clock, Clock::Duration timeout)
      : call(call), wait(timeout == Clock::Duration::zero() ? call : call.WithDeadline(clock.Now() + timeout)) {}

  CallContext call;
  CallContext wait;
};

// What to look at, and when to stop looking. Outlives the wait that it is given to.
template <typename T>
struct Poll {
  std::function<Task<absl::StatusOr<T>>(CallContext)> look;
  // Gets each answer, an error too unless it is a passing one, and returns what the wait ends with; nullopt to go on.
  std::function<std::optional<absl::StatusOr<T>>(const absl::StatusOr<T>&)> decide;
  // Told of each object that was seen, before `decide`; an error ends the wait. May be empty.
  std::function<Task<absl::Status>(T)> observe;
  PollPolicy policy;
};

// Looks until `decide` has seen enough; the first look is at once. When the wait's own time is up, there is one last
// look with what is left of the call, so that a change in the last moment is not missed.
template <typename T>
Task<absl::StatusOr<T>> PollUntil(Clock& clock, WaitContext context, const Poll<T>& poll) {
  PollBackoff backoff(poll.policy);
  bool last_look = false;
  CallContext looking = context.wait;
  while (true) {
    absl::StatusOr<T> seen = co_await poll.look(looking);
    if (seen.ok() && poll.observe) {
      absl::Status observed = co_await poll.observe(*seen);
      if (!observed.ok()) co_return observed;
    }
    const absl::Status in_time = context.wait.Check(clock.Now());
    const bool telling = seen.ok() || (!IsPassing(seen.status()) && in_time.ok());
    if (telling) {
      std::optional<absl::StatusOr<T>> decided = poll.decide(seen);
      if (decided.has_value()) co_return *std::move(decided);
    }
    if (last_look) co_return DeadlineExceededError();

    Clock::Duration pause = backoff.Next();
    if (!seen.ok())
      pause = std::max<Clock::Duration>(pause, RetryDelay(seen.status()).value_or(std::chrono::seconds(0)));
    absl::Status slept = co_await clock.Sleep(context.wait, pause);
    if (slept.ok()) continue;
    if (!absl::IsDeadlineExceeded(slept) || !context.call.Check(clock.Now()).ok()) co_return slept;
    constexpr auto kLastLook = std::chrono::seconds(5);
    looking = context.call.WithDeadline(clock.Now() + kLastLook);
    last_look = true;
  }
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_POLLING_H_
