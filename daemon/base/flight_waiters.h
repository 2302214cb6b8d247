#ifndef DAYTONAD_DAEMON_BASE_FLIGHT_WAITERS_H_
#define DAYTONAD_DAEMON_BASE_FLIGHT_WAITERS_H_

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "daemon/base/call_context.h"
#include "daemon/base/call_progress.h"
#include "daemon/base/event.h"

namespace daytonad {

// The calls that wait for one flight. The flight may take as long as the latest of their deadlines, and all of them
// learn of its queue waits. Loop thread only.
class FlightWaiters final : public CallProgress {
 public:
  // The first caller's limits apply before any call has entered and after all have left.
  explicit FlightWaiters(CallContext first) : first_(std::move(first)) {}

  // Membership of one waiting call. The member's context must outlive it; the clock need not: a loop may end while
  // calls wait.
  class Place {
   public:
    Place(FlightWaiters& waiters, const CallContext& member, const Clock& clock)
        : waiters_(waiters), member_(member), clock_(clock) {
      waiters_.Enter(member_, clock_);
    }
    ~Place() { waiters_.Leave(member_, clock_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    FlightWaiters& waiters_;
    const CallContext& member_;
    const Clock& clock_;
  };

  size_t size() const { return members_.size(); }

  // Fires when the work is done, and whenever deadlines have moved.
  Event& changed() { return changed_; }
  // Stays fired for calls that enter later: the work may be done before the first call has entered.
  void NotifyDone() { changed_.Fire(); }

  // The flight's own deadline is in its context.
  TimePoint deadline() const override { return TimePoint::max(); }
  TimePoint latest_deadline() const override { return TimePoint::max(); }
  TimePoint send_by() const override;
  TimePoint queue_until(TimePoint now) const override;
  void BeginWait(const QueueWait& wait, TimePoint now) override;
  void EndWait(TimePoint now) override;
  void MutationSent() override;
  void MutationRefused() override;
  bool may_have_mutated() const override { return mutations_ > 0; }

 private:
  void Enter(const CallContext& member, const Clock& clock);
  void Leave(const CallContext& member, const Clock& clock);

  const CallContext first_;
  absl::flat_hash_set<const CallContext*> members_;
  Event changed_;
  std::optional<QueueWait> wait_;
  int waits_ = 0;
  int mutations_ = 0;  // sent and not refused
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_FLIGHT_WAITERS_H_
