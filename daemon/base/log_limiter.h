#ifndef DAYTONAD_DAEMON_BASE_LOG_LIMITER_H_
#define DAYTONAD_DAEMON_BASE_LOG_LIMITER_H_

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/log.h"

namespace daytonad {

struct LogLimits {
  // Lines of one message that are written per interval. An interval begins with its first line.
  size_t lines = 10;
  std::chrono::steady_clock::duration interval = std::chrono::seconds(10);
  // Messages beyond this number share one limit.
  size_t messages = 256;
};

// Rate-limits lines with the same message, whatever their fields: one caller can cause a message a thousand times a
// second. Thread-safe.
class LogLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // The suppressed lines of one message.
  struct Suppressed {
    LogLevel level;
    std::string message;
    size_t lines;
  };

  explicit LogLimiter(LogLimits limits) : limits_(limits) {}

  // Whether to write a line with this message. The first line that is suppressed in an interval sets `*report_at`, the
  // time to call TakeSuppressed.
  bool Admit(LogLevel level, std::string_view message, TimePoint now, std::optional<TimePoint>* report_at);

  // The lines that were suppressed in intervals that ended by `now`. Each is reported once.
  std::vector<Suppressed> TakeSuppressed(TimePoint now);

 private:
  struct Interval {
    TimePoint end;
    size_t lines = 0;
    LogLevel level = LogLevel::kInfo;  // of the last line
  };

  Interval& Find(std::string_view message, TimePoint now);
  void Close(TimePoint now);

  const LogLimits limits_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, Interval> intervals_;
  std::vector<Suppressed> closed_;  // of intervals that are over
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LOG_LIMITER_H_
