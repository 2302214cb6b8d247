#ifndef DAYTONAD_DAEMON_BASE_CALL_PROGRESS_H_
#define DAYTONAD_DAEMON_BASE_CALL_PROGRESS_H_

#include <functional>
#include <string>
#include <utility>

#include "daemon/base/clock.h"

namespace daytonad {

// A wait for a turn where something is scarce, such as upstream's rate limit.
struct QueueWait {
  QueueWait(std::string throttler, Clock::TimePoint until) : throttler(std::move(throttler)), until(until) {}

  // The throttler's name; empty for what is scarce here, and not upstream.
  std::string throttler;
  // When the turn comes, at the earliest.
  Clock::TimePoint until;
};

// What a request has to do with those who wait for its result: how long it may wait for a turn, and that they learn of
// it, and of its being sent. Part of a call's context; what waits for a turn says so (QueueWaitScope in
// call_context.h). Loop thread only.
class CallProgress {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  virtual ~CallProgress() = default;

  // Until when the call lasts, as things are; TimePoint::max() if its context alone says so.
  virtual TimePoint deadline() const = 0;
  // The same, if it waits for its turn as long as it may.
  virtual TimePoint latest_deadline() const = 0;
  // Until when somebody waits for the result, as things are.
  virtual TimePoint send_by() const = 0;
  // Until when a turn may come.
  virtual TimePoint queue_until(TimePoint now) const = 0;

  // A wait begins, or ends. There may be several at a time.
  virtual void BeginWait(const QueueWait& wait, TimePoint now) = 0;
  virtual void EndWait(TimePoint now) = 0;

  // A change goes out to upstream: whoever leaves from now on can't know whether it is carried out.
  virtual void MutationSent() {}
  // One that was sent turned out not to be carried out.
  virtual void MutationRefused() {}
  // A change was sent, and may be carried out, or be already. Only a flight's (base/flight_waiters.h) tell.
  virtual bool may_have_mutated() const { return false; }
};

// One call's time limit, which pauses while the call waits in a queue.
//
// A limit that counts them would fail most calls of a burst that a rate limit spreads over minutes, although each of
// them would be sent and answered in time. So a limit that nobody chose stands still while its call waits for a turn.
class PausableLimit final : public CallProgress {
 public:
  // Told when the call begins to wait.
  using OnWait = std::function<void(const QueueWait& wait, TimePoint now)>;

  // Nothing is limited here.
  explicit PausableLimit(OnWait on_wait = nullptr) : on_wait_(std::move(on_wait)) {}
  // From `now` on the call may take `limit` (zero: any time), and `longest_wait` in queues.
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
  Duration may_wait_ = Duration::max();  // what is left of it
  int waits_ = 0;
  TimePoint since_;  // while it waits
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_CALL_PROGRESS_H_
