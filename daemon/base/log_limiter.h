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
  // So many lines of one message are written in each interval, which begins with its first.
  size_t lines = 10;
  std::chrono::steady_clock::duration interval = std::chrono::seconds(10);
  // More messages than these share one such limit.
  size_t messages = 256;
};

// Decides which lines are written when the same message comes again and again, whatever its fields: one caller can make
// a message come a thousand times a second. Thread-safe.
class LogLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Lines of a message that were not written.
  struct Suppressed {
    LogLevel level;
    std::string message;
    size_t lines;
  };

  explicit LogLimiter(LogLimits limits) : limits_(limits) {}

  // Whether to write a line with this message. The first that is not written in an interval sets `*report_at`: when to
  // ask what was suppressed.
  bool Admit(LogLevel level, std::string_view message, TimePoint now, std::optional<TimePoint>* report_at);

  // What was suppressed in the intervals that are over at `now`; each line is told once.
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
