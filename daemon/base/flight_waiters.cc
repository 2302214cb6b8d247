#include "daemon/base/flight_waiters.h"

#include <algorithm>
#include <utility>

namespace daytonad {

void FlightWaiters::Enter(const CallContext& member, const Clock& clock) {
  members_.insert(&member);
  if (member.progress() == nullptr) return;
  if (waits_ > 0) member.progress()->BeginWait(*wait_, clock.Now());
  for (int i = 0; i < mutations_; ++i) member.progress()->MutationSent();
}

void FlightWaiters::Leave(const CallContext& member, const Clock& clock) {
  members_.erase(&member);
  if (waits_ > 0 && member.progress() != nullptr) member.progress()->EndWait(clock.Now());
}

Clock::TimePoint FlightWaiters::send_by() const {
  if (members_.empty()) return first_.send_by();
  TimePoint latest = TimePoint::min();
  for (const CallContext* member : members_) latest = std::max(latest, member->send_by());
  return latest;
}

Clock::TimePoint FlightWaiters::queue_until(TimePoint now) const {
  if (members_.empty()) return first_.queue_until(now);
  TimePoint latest = TimePoint::min();
  for (const CallContext* member : members_) latest = std::max(latest, member->queue_until(now));
  return latest;
}

void FlightWaiters::BeginWait(const QueueWait& wait, TimePoint now) {
  if (waits_++ > 0) return;
  wait_ = wait;
  for (const CallContext* member : members_) {
    if (member->progress() != nullptr) member->progress()->BeginWait(wait, now);
  }
}

void FlightWaiters::EndWait(TimePoint now) {
  if (--waits_ > 0) return;
  wait_.reset();
  for (const CallContext* member : members_) {
    if (member->progress() != nullptr) member->progress()->EndWait(now);
  }
  std::exchange(changed_, Event()).Fire();
}

void FlightWaiters::MutationSent() {
  ++mutations_;
  for (const CallContext* member : members_) {
    if (member->progress() != nullptr) member->progress()->MutationSent();
  }
}

void FlightWaiters::MutationRefused() {
  --mutations_;
  for (const CallContext* member : members_) {
    if (member->progress() != nullptr) member->progress()->MutationRefused();
  }
}

}  // namespace daytonad
