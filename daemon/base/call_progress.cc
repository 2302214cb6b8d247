#include "daemon/base/call_progress.h"

#include <algorithm>

namespace daytonad {
namespace {

Clock::TimePoint After(Clock::TimePoint start, Clock::Duration duration) {
  return duration >= Clock::TimePoint::max() - start ? Clock::TimePoint::max() : start + duration;
}

}  // namespace

PausableLimit::PausableLimit(TimePoint now, Duration limit, Duration longest_wait, OnWait on_wait)
    : on_wait_(std::move(on_wait)), may_wait_(longest_wait) {
  if (limit > Duration::zero()) limit_ = After(now, limit);
}

Clock::TimePoint PausableLimit::latest_deadline() const { return After(limit_, may_wait_); }

Clock::TimePoint PausableLimit::queue_until(TimePoint now) const {
  return After(waits_ == 0 ? now : since_, may_wait_);
}

void PausableLimit::BeginWait(const QueueWait& wait, TimePoint now) {
  if (waits_++ == 0) since_ = now;
  if (on_wait_) on_wait_(wait, now);
}

void PausableLimit::EndWait(TimePoint now) {
  if (--waits_ > 0) return;
  const Duration waited = now - since_;
  limit_ = After(limit_, waited);
  if (may_wait_ != Duration::max()) may_wait_ = std::max(may_wait_ - waited, Duration::zero());
}

}  // namespace daytonad
