#include "daemon/base/crew.h"

#include <algorithm>
#include <utility>

namespace daytonad {

void Crew::Enter(const CallContext& member, const Clock& clock) {
  members_.insert(&member);
  if (member.turns() == nullptr) return;
  if (waits_ > 0) member.turns()->Begin(*wait_, clock.Now());
  for (int i = 0; i < changes_; ++i) member.turns()->ChangeSent();
}

void Crew::Leave(const CallContext& member, const Clock& clock) {
  members_.erase(&member);
  if (waits_ > 0 && member.turns() != nullptr) member.turns()->End(clock.Now());
}

Clock::TimePoint Crew::send_by() const {
  if (members_.empty()) return first_.send_by();
  TimePoint latest = TimePoint::min();
  for (const CallContext* member : members_) latest = std::max(latest, member->send_by());
  return latest;
}

Clock::TimePoint Crew::turn_by(TimePoint now) const {
  if (members_.empty()) return first_.turn_by(now);
  TimePoint latest = TimePoint::min();
  for (const CallContext* member : members_) latest = std::max(latest, member->turn_by(now));
  return latest;
}

void Crew::Begin(const TurnWait& wait, TimePoint now) {
  if (waits_++ > 0) return;
  wait_ = wait;
  for (const CallContext* member : members_) {
    if (member->turns() != nullptr) member->turns()->Begin(wait, now);
  }
}

void Crew::End(TimePoint now) {
  if (--waits_ > 0) return;
  wait_.reset();
  for (const CallContext* member : members_) {
    if (member->turns() != nullptr) member->turns()->End(now);
  }
  std::exchange(news_, Event()).Fire();
}

void Crew::ChangeSent() {
  ++changes_;
  for (const CallContext* member : members_) {
    if (member->turns() != nullptr) member->turns()->ChangeSent();
  }
}

void Crew::ChangeRefused() {
  --changes_;
  for (const CallContext* member : members_) {
    if (member->turns() != nullptr) member->turns()->ChangeRefused();
  }
}

}  // namespace daytonad
