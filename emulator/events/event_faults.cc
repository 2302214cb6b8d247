#include "emulator/events/event_faults.h"

#include <utility>

#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

// How long an event waits for the one that overtakes it.
constexpr milliseconds kHoldLimit{50};

}  // namespace

void EventFaults::Set(const Json& changes) {
  const Json drop = MemberOr(changes, "drop", Json());
  if (drop.is_boolean()) to_drop_ = drop.get<bool>() ? -1 : 0;
  if (drop.is_number()) to_drop_ = drop.get<std::int64_t>();
  duplicate_ = BooleanOr(changes, "duplicate", duplicate_);
  delay_ = milliseconds(IntegerOr(changes, "delay_ms", delay_.count()));
  reorder_ = BooleanOr(changes, "reorder", reorder_);
  silent_ = BooleanOr(changes, "silent", silent_);
  if (!reorder_) ReleaseHeld();
}

Json EventFaults::ToJson() const {
  return {{"drop", to_drop_ < 0 ? Json(true) : Json(to_drop_)},
          {"duplicate", duplicate_},
          {"delay_ms", delay_.count()},
          {"reorder", reorder_},
          {"silent", silent_}};
}

void EventFaults::Pass(const Frame& event) {
  if (silent_ || to_drop_ != 0) {
    ++dropped_;
    if (!silent_ && to_drop_ > 0) --to_drop_;
    return;
  }
  Delay(event);
  if (duplicate_) Delay(event);
}

void EventFaults::Delay(const Frame& event) {
  // Delayed events must not be overtaken when the delay is switched off.
  if (delay_ == milliseconds::zero() && delayed_.empty()) return Reorder(event);
  delayed_.push_back(event);
  scheduler_.After(delay_, [this] {
    const Frame first = delayed_.front();
    delayed_.pop_front();
    Reorder(first);
  });
}

void EventFaults::Reorder(const Frame& event) {
  if (!reorder_ || held_ != nullptr) {
    send_(event);
    return ReleaseHeld();
  }
  held_ = event;
  scheduler_.After(kHoldLimit, [this, hold = ++hold_] {
    if (hold == hold_) ReleaseHeld();
  });
}

void EventFaults::ReleaseHeld() {
  if (const Frame event = std::exchange(held_, nullptr)) send_(event);
}

}  // namespace daytonad::emulator
