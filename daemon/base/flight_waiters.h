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

// All who wait for one flight, as far as its work is concerned: it may take as long as any of them lives, whoever came
// first, and all of them learn that it waits for its turn. Loop thread only.
class FlightWaiters final : public CallProgress {
 public:
  // Until somebody has entered, and when all have left, the first caller's limits count.
  explicit FlightWaiters(CallContext first) : first_(std::move(first)) {}

  // The place of one who waits. It lives no longer than the member's context; the clock may be gone first, where a loop
  // ends with people waiting.
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

  // Fires at the end of the work, and whenever deadlines have moved.
  Event& changed() { return changed_; }
  // For who comes later, too: work may end before the first caller has entered.
  void NotifyDone() { changed_.Fire(); }

  // The work's own deadline is in its context.
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
  int mutations_ = 0;  // that were sent, and not refused
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_FLIGHT_WAITERS_H_
