#ifndef DAYTONAD_DAEMON_OPERATIONS_WAITING_H_
#define DAYTONAD_DAEMON_OPERATIONS_WAITING_H_

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

// How long a request's `timeout` lets an operation take; zero is as long as it takes.
class TimeLimit {
 public:
  // As the caller said: everything counts.
  template <typename Rep, typename Period>
  // NOLINTNEXTLINE(google-explicit-constructor): a duration is a limit
  TimeLimit(std::chrono::duration<Rep, Period> duration) : duration_(duration) {}
  // Of a caller who said nothing: the time does not count in which the request waits for its turn. So the calls of a
  // burst that a rate limit spreads over minutes have this long from when they are sent.
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

// How long an operation may take, as two limits: `call` is the caller's own deadline, `wait` also knows the request's
// `timeout` and is never later.
struct WaitContext {
  // `on_queue_wait` is told when the request waits for its turn; it may be empty.
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

  // The request has been sent and answered: whatever waits for a turn from now on does so beside the operation, and its
  // limit stands.
  void RequestIsOver() { wait = wait.WithFixedDeadline(); }

  CallContext call;
  CallContext wait;
};

// What is waited for. Outlives the wait that it is given to.
template <typename T>
struct Goal {
  // What an observation comes to: OK ends the wait well, an error ends it with that, nullopt goes on.
  std::function<std::optional<absl::Status>(const Observation<T>&)> decide;
  // Told of each object that was seen, before `decide`; an error ends the wait. May be empty.
  std::function<Task<absl::Status>(const T&)> observe;
};

// Waits until `decide` has seen enough. `last` is what the wait began with and ended with; its object is kept when a
// later observation has none. `limits` outlive the call. What is known may begin a wait, but never ends one unless it
// is fresh. When the wait's own time is up, there is one last look with what is left of the call, so that a change in
// the last moment is not missed.
//
// Thousands of calls may be waiting here: the object is shared with all who know it, and in no frame.
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
    // A last look that fails says no more than that the time is up.
    const bool telling = !last_poll || seen.status.ok() || IsAbsent(seen.status);
    std::optional<absl::Status> decided = telling ? goal.decide(seen) : std::nullopt;
    if (decided.has_value() && seen.fresh) co_return *std::move(decided);
    if (last_poll && seen.fresh) co_return DeadlineExceededError();
    if (decided.has_value() || last_poll) watch.PollNow();
  }
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_WAITING_H_
