#include "daemon/base/log_limiter.h"

#include <utility>

#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

// Stands for all messages beyond the limit.
constexpr char kOthers[] = "(various)";

}  // namespace

bool LogLimiter::Admit(LogLevel level, std::string_view message, TimePoint now, std::optional<TimePoint>* report_at) {
  const std::lock_guard lock(mutex_);
  Interval& interval = Find(message, now);
  interval.level = level;
  ++interval.lines;
  if (interval.lines <= limits_.lines) return true;
  if (interval.lines == limits_.lines + 1) *report_at = interval.end;
  return false;
}

// The current interval of `message`, or a new one.
LogLimiter::Interval& LogLimiter::Find(std::string_view message, TimePoint now) {
  auto found = intervals_.find(AbslView(message));
  if (found == intervals_.end() || found->second.end <= now) {
    Close(now);
    const bool has_room = intervals_.size() < limits_.messages;
    found = intervals_.try_emplace(has_room ? std::string(message) : kOthers, Interval{.end = now + limits_.interval})
                .first;
  }
  return found->second;
}

// Closes all intervals that have ended.
void LogLimiter::Close(TimePoint now) {
  absl::erase_if(intervals_, [&](const auto& entry) {
    const auto& [message, interval] = entry;
    if (interval.end > now) return false;
    if (interval.lines > limits_.lines) closed_.push_back({interval.level, message, interval.lines - limits_.lines});
    return true;
  });
}

std::vector<LogLimiter::Suppressed> LogLimiter::TakeSuppressed(TimePoint now) {
  const std::lock_guard lock(mutex_);
  Close(now);
  return std::exchange(closed_, {});
}

}  // namespace daytonad
