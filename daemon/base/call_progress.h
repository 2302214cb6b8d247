#ifndef DAYTONAD_DAEMON_BASE_CALL_PROGRESS_H_
#define DAYTONAD_DAEMON_BASE_CALL_PROGRESS_H_

#include <functional>
#include <string>
#include <utility>

#include "daemon/base/clock.h"

namespace daytonad {

// A wait in a queue, such as that of an upstream rate limit.
struct QueueWait {
  QueueWait(std::string throttler, Clock::TimePoint until) : throttler(std::move(throttler)), until(until) {}

  // The name of upstream's rate limit; empty for a queue of the daemon's own.
  std::string throttler;
  // The earliest time at which the wait may end.
  Clock::TimePoint until;
};

// Connects a request with the calls that wait for its result: how long it may stay in queues, and whether it is queued
// or sent. Part of a call's context. Code that waits in a queue reports that with a QueueWaitScope (call_context.h).
// Loop thread only.
class CallProgress {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  virtual ~CallProgress() = default;

  // The call's current deadline; TimePoint::max() if only its context has one.
  virtual TimePoint deadline() const = 0;
  // The deadline if the call waits in queues for as long as it may.
  virtual TimePoint latest_deadline() const = 0;
  // Until when at least one caller waits for the result.
  virtual TimePoint send_by() const = 0;
  // Until when the request may stay in a queue.
  virtual TimePoint queue_until(TimePoint now) const = 0;

  // A queue wait begins or ends. Several may overlap.
  virtual void BeginWait(const QueueWait& wait, TimePoint now) = 0;
  virtual void EndWait(TimePoint now) = 0;

  // A mutation is being sent upstream. A caller that leaves from now on cannot know its outcome.
  virtual void MutationSent() {}
  // A mutation that was sent was not carried out.
  virtual void MutationRefused() {}
  // True if a mutation was sent and may have been carried out. Only flights track this (base/flight_waiters.h).
  virtual bool may_have_mutated() const { return false; }
};

// One call's time limit, which pauses while the call waits in a queue.
//
// A rate limit may spread a burst of calls over minutes. A default time limit that counted the queueing would fail most
// of them, although each would be answered in time once sent. So a limit that the caller did not set is paused while
// the call is queued.
class PausableLimit final : public CallProgress {
 public:
  // Called when a queue wait begins.
  using OnWait = std::function<void(const QueueWait& wait, TimePoint now)>;

  // No limit.
  explicit PausableLimit(OnWait on_wait = nullptr) : on_wait_(std::move(on_wait)) {}
  // From `now` on the call may take `limit` (zero: no limit), plus `longest_wait` in queues.
  PausableLimit(TimePoint now, Duration limit, Duration longest_wait, OnWait on_wait = nullptr);

  TimePoint deadline() const override { return waits_ == 0 ? limit_ : latest_deadline(); }
  TimePoint latest_deadline() const override;
  TimePoint send_by() const override { return deadline(); }
  TimePoint queue_until(TimePoint now) const override;
  void BeginWait(const QueueWait& wait, TimePoint now) override;
  void EndWait(TimePoint now) override;

 private:
  const OnWait on_wait_;
  TimePoint limit_ = TimePoint::max();
  Duration may_wait_ = Duration::max();  // remaining
  int waits_ = 0;
  TimePoint since_;  // start of the current wait
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_CALL_PROGRESS_H_
