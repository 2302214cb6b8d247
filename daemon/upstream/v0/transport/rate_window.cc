#include "daemon/upstream/v0/transport/rate_window.h"

#include <algorithm>

namespace daytonad {
namespace {

// Upstream tells times in whole seconds, rounded up.
constexpr std::chrono::seconds kRounding(1);
// An upstream that refuses and says "now" is not asked in a tight loop.
constexpr std::chrono::milliseconds kLeastWait(250);
// A refusal comes at once, but a create that is accepted may be answered after half a minute: silence means accepted.
constexpr std::chrono::seconds kProbeLimit(2);
// The longest wait after a refusal by a limit whose window is not known for sure. Upstream's are as long as that.
constexpr std::chrono::seconds kLongestWait(60);
// The part of a window that background work leaves to callers: one in so many, and at least one.
constexpr int64_t kReserve = 10;

}  // namespace

void RateWindow::Suppose(int64_t limit, Duration length) {
  supposed_length_ = length;
  if (known_) return;
  known_ = true;
  over_ = true;  // the next window begins with a request
  limit_ = limit;
  length_ = length;
}

bool RateWindow::Allows(TimePoint now, bool background) {
  Roll(now);
  if (refused_ && (now < refused_until_ || probe_ != 0)) return false;
  const std::optional<int64_t> available = Available();
  return !available.has_value() || *available > Reserve(background);
}

RateWindow::Request RateWindow::Send(TimePoint now) {
  Roll(now);
  const Request request{++last_number_, now};
  uncounted_.insert(uncounted_.end(), request.number);
  if (refused_) {
    probe_ = request.number;
    probe_limit_ = now + kProbeLimit;
  }
  return request;
}

bool RateWindow::Answered(const Request& request, const std::optional<Report>& report, TimePoint now) {
  Roll(now);
  if (request.number != 0 && request.number == probe_) refused_ = false;
  if (!report.has_value()) {
    Lost(request, now);
    return false;
  }
  const TimePoint end_before = latest_end_;
  Learn(request, *report, now);
  NotSent(request, now);  // its answer reported what it cost
  return latest_end_ > end_before;
}

void RateWindow::Lost(const Request& request, TimePoint now) {
  const bool uncounted = uncounted_.contains(request.number);
  NotSent(request, now);
  if (uncounted && known_ && !over_) remaining_ = std::max<int64_t>(remaining_ - 1, 0);
}

void RateWindow::NotSent(const Request& request, TimePoint now) {
  Roll(now);
  if (request.number == probe_) probe_ = 0;
  uncounted_.erase(request.number);
}

RateWindow::Duration RateWindow::Believed(Duration wait) const {
  // Answers give a lower bound for a window's length, not its exact length.
  return std::min(wait, supposed_length_.value_or(std::max<Duration>(length_, kLongestWait)));
}

bool RateWindow::Refused(const Request& request, Duration wait, TimePoint now) {
  NotSent(request, now);
  const TimePoint until = now + std::max<Duration>(wait, kLeastWait);
  const bool known = request.sent < refused_until_;
  // The request was sent before the last 429's wait ended. If that is long ago, it says nothing any more.
  if (known && now >= refused_until_) return false;
  // Concurrent 429s mean the same end of the window; each one is rounded up.
  const bool later = !known || request.sent + wait - kRounding >= refused_until_;
  refused_until_ = later ? until : std::min(refused_until_, until);
  refused_ = true;
  return later;
}

RateWindow::TimePoint RateWindow::NextChange(TimePoint now) {
  Roll(now);
  TimePoint next = TimePoint::max();
  if (known_ && !over_) next = latest_end_;
  if (refused_ && now < refused_until_) next = std::min(next, refused_until_);
  if (probe_ != 0) next = std::min(next, probe_limit_);
  return next;
}

RateWindow::TimePoint RateWindow::EarliestSend(size_t ahead, bool background, TimePoint now) {
  Roll(now);
  TimePoint earliest = refused_ ? std::max(now, refused_until_) : now;
  const int64_t reserve = Reserve(background);
  auto behind = static_cast<int64_t>(ahead);
  if (known_ && !over_) {
    const int64_t left = std::max<int64_t>(*Available() - reserve, 0);
    if (behind < left) return earliest;
    behind -= left;
    earliest = std::max(earliest, latest_end_);
  }
  if (!limit_.has_value()) return earliest;
  const int64_t windows = behind / (*limit_ - reserve);
  // Saturate instead of overflowing.
  if (length_ > Duration::zero() && windows > (TimePoint::max() - earliest) / length_) return TimePoint::max();
  return earliest + windows * length_;
}

void RateWindow::Roll(TimePoint now) {
  if (known_ && !over_ && now >= latest_end_) {
    over_ = true;
    uncounted_.clear();
  }
  if (probe_ != 0 && now >= probe_limit_) {
    refused_ = false;
    probe_ = 0;
  }
}

void RateWindow::Learn(const Request& request, const Report& report, TimePoint now) {
  const Duration reset = std::min(report.reset, supposed_length_.value_or(report.reset));
  const TimePoint latest = now + reset;
  const TimePoint earliest = request.sent + std::max<Duration>(reset - kRounding, Duration::zero());
  if (!known_ || earliest >= latest_end_) {
    known_ = true;
    over_ = false;
    earliest_end_ = earliest;
    latest_end_ = latest;
    remaining_ = report.remaining;
  } else if (over_ || latest < earliest_end_) {
    return;
  } else {
    earliest_end_ = std::max(earliest_end_, earliest);
    latest_end_ = std::min(latest_end_, latest);
    remaining_ = std::min(remaining_, report.remaining);
  }
  limit_ = report.limit;
  length_ = std::max(length_, reset);
  // Requests that were sent before the one that reported the lowest count are in that count, except for rare ones that
  // were overtaken.
  const bool lowest = report.remaining == remaining_;
  if (lowest) uncounted_.erase(uncounted_.begin(), uncounted_.upper_bound(request.number));
}

std::optional<int64_t> RateWindow::Available() const {
  if (!known_) return std::nullopt;
  return (over_ ? *limit_ : remaining_) - static_cast<int64_t>(uncounted_.size());
}

int64_t RateWindow::Reserve(bool background) const {
  if (!background || !limit_.has_value()) return 0;
  return std::min(std::max<int64_t>(*limit_ / kReserve, 1), *limit_ - 1);
}

}  // namespace daytonad
