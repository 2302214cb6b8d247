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

// Upstream could not answer just now, or not in time. A wait goes on in spite of it: its own time limit bounds it.
inline bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || ErrorReason(status) == "RATE_LIMITED";
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
  // What a look comes to: OK ends the wait well, an error ends it with that, nullopt goes on. `looked` is OK, or an
  // error that does not pass; `latest` is the object that was seen last, and what the waiter gets: it may be changed.
  std::function<std::optional<absl::Status>(const absl::Status& looked, T& latest)> decide;
  // Told of each object that was seen, before `decide`; an error ends the wait. May be empty.
  std::function<Task<absl::Status>(const T&)> observe;
  PollPolicy policy;
};

// One look. A coroutine of its own, so that what it needs is gone while its caller sleeps.
template <typename T>
Task<absl::Status> LookOnce(const Poll<T>& poll, CallContext context, T& latest) {
  absl::StatusOr<T> seen = co_await poll.look(std::move(context));
  if (seen.ok()) latest = *std::move(seen);
  co_return seen.status();
}

// Looks until `decide` has seen enough; the first look is at once, and `latest` is kept up to date. When the wait's own
// time is up, there is one last look with what is left of the call, so that a change in the last moment is not missed.
//
// Thousands of calls may be waiting here: the object is in one place, `latest`, and in no frame.
template <typename T>
Task<absl::Status> PollUntil(Clock& clock, WaitContext context, const Poll<T>& poll, T& latest) {
  PollBackoff backoff(poll.policy);
  bool last_look = false;
  CallContext looking = context.wait;
  while (true) {
    absl::Status looked = co_await LookOnce(poll, looking, latest);
    if (looked.ok() && poll.observe) {
      absl::Status observed = co_await poll.observe(latest);
      if (!observed.ok()) co_return observed;
    }
    const bool telling = looked.ok() || (!IsPassing(looked) && context.wait.Check(clock.Now()).ok());
    if (telling) {
      std::optional<absl::Status> decided = poll.decide(looked, latest);
      if (decided.has_value()) co_return *std::move(decided);
    }
    if (last_look) co_return DeadlineExceededError();

    const Clock::Duration asked_for = RetryDelay(looked).value_or(std::chrono::seconds(0));
    absl::Status slept = co_await clock.Sleep(context.wait, std::max(backoff.Next(), asked_for));
    if (slept.ok()) continue;
    if (!absl::IsDeadlineExceeded(slept) || !context.call.Check(clock.Now()).ok()) co_return slept;
    constexpr auto kLastLook = std::chrono::seconds(5);
    looking = context.call.WithDeadline(clock.Now() + kLastLook);
    last_look = true;
  }
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_POLLING_H_
