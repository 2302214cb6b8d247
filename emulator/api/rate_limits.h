#ifndef DAYTONAD_EMULATOR_API_RATE_LIMITS_H_
#define DAYTONAD_EMULATOR_API_RATE_LIMITS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "emulator/base/options.h"
#include "emulator/base/scheduler.h"

namespace daytonad::emulator {

// Counts requests in fixed windows, one window and one budget per throttler.
class RateLimits {
 public:
  struct Verdict {
    bool limited = false;  // the throttler exists
    bool allowed = true;
    std::int64_t limit = 0;
    std::int64_t remaining = 0;
    std::int64_t reset_s = 0;  // until the window ends, rounded up
  };

  explicit RateLimits(std::map<std::string, RateLimit> limits);

  // Counts one request. A throttler without a budget allows everything.
  Verdict Take(std::string_view throttler, WallTime now);
  // What Take would return, without counting.
  Verdict Peek(std::string_view throttler, WallTime now) const;

 private:
  struct Window {
    RateLimit limit;
    WallTime ends = 0;
    std::int64_t used = 0;
  };
  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_RATE_LIMITS_H_
