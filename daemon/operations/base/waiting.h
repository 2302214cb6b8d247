#ifndef DAYTONAD_DAEMON_OPERATIONS_BASE_WAITING_H_
#define DAYTONAD_DAEMON_OPERATIONS_BASE_WAITING_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "daemon/api/watch.h"
#include "daemon/base/absent.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// The limit that a request's `timeout` sets; zero: no limit.
class TimeLimit {
 public:
  // The caller's limit: all time counts.
  template <typename Rep, typename Period>
  // NOLINTNEXTLINE(google-explicit-constructor): a duration is a limit
  TimeLimit(std::chrono::duration<Rep, Period> duration) : duration_(duration) {}
  // A default limit: time in queues does not count. So calls of a burst that a rate limit spreads over minutes have
  // this time from when they are sent.
  static TimeLimit FromWhenSent(Clock::Duration duration) {
    TimeLimit limit(duration);
    limit.queueing_counts_ = false;
    return limit;
  }

  Clock::Duration duration() const { return duration_; }
  bool queueing_counts() const { return queueing_counts_; }

 private:
  Clock::Duration duration_;
  bool queueing_counts_ = true;
};

// The two limits of an operation: `call` is the caller's deadline; `wait` also includes the request's `timeout` and is
// never later.
struct WaitContext {
  // `on_queue_wait` is called when the request is queued; it may be empty.
  WaitContext(const CallContext& call, Clock& clock, TimeLimit limit, PausableLimit::OnWait on_queue_wait = nullptr)
      : call(call), wait(call) {
    const bool fixed = limit.queueing_counts() && limit.duration() != Clock::Duration::zero();
    if (fixed) wait = call.WithDeadline(clock.Now() + limit.duration());
    if (!limit.queueing_counts()) {
      wait = wait.WithProgress(std::make_shared<PausableLimit>(clock.Now(), limit.duration(), call.max_queue_wait(),
                                                               std::move(on_queue_wait)));
    } else if (on_queue_wait) {
      wait = wait.WithProgress(std::make_shared<PausableLimit>(std::move(on_queue_wait)));
    }
  }

  // The request was answered: later queue waits are concurrent work and no longer extend the limit.
  void RequestIsOver() { wait = wait.WithFixedDeadline(); }

  CallContext call;
  CallContext wait;
};

// The goal of a wait. Outlives the wait.
template <typename T>
struct Goal {
  // Judges an observation: OK ends the wait successfully, an error ends it with that error, nullopt continues.
  std::function<std::optional<absl::Status>(const Observation<T>&)> decide;
  // Called with each observed object, before `decide`; an error ends the wait. May be empty.
  std::function<Task<absl::Status>(const T&)> observe;
};

// Waits until `decide` ends it. `last` is the first and the last observation; its object is kept when a later
// observation has none. `limits` outlive the call. A stale observation may start a wait, but only a fresh one ends it.
// When the wait's own limit is reached, there is one last poll within the call's deadline, so that a last-moment change
// is not missed.
//
// Thousands of calls may wait here: the object is shared, and not copied into coroutine frames.
template <typename T>
Task<absl::Status> WaitUntil(Clock& clock, const WaitContext& limits, Watch<T>& watch, const Goal<T>& goal,
                             Observation<T>& last) {
  constexpr auto kLastPollLimit = std::chrono::seconds(5);
  CallContext waiting = limits.wait;
  bool last_poll = false;
  while (true) {
    absl::Status waited = co_await watch.Wait(waiting);
    if (!waited.ok()) {
      const bool may_poll = absl::IsDeadlineExceeded(waited) && limits.call.Check(clock.Now()).ok();
      if (last_poll || !may_poll) co_return waited;
      last_poll = true;
      waiting = limits.call.WithDeadline(clock.Now() + kLastPollLimit);
      watch.PollNow();
      continue;
    }
    const Observation<T> seen = watch.Take();
    if (seen.object != nullptr) last.object = seen.object;
    last.status = seen.status;
    if (goal.observe && seen.status.ok()) {
      absl::Status observed = co_await goal.observe(*seen.object);
      if (!observed.ok()) co_return observed;
    }
    // If the last poll fails, the result is just the timeout.
    const bool telling = !last_poll || seen.status.ok() || IsAbsent(seen.status);
    std::optional<absl::Status> decided = telling ? goal.decide(seen) : std::nullopt;
    if (decided.has_value() && seen.fresh) co_return *std::move(decided);
    if (last_poll && seen.fresh) co_return DeadlineExceededError();
    if (decided.has_value() || last_poll) watch.PollNow();
  }
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BASE_WAITING_H_
