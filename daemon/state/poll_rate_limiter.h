#ifndef DAYTONAD_DAEMON_STATE_POLL_RATE_LIMITER_H_
#define DAYTONAD_DAEMON_STATE_POLL_RATE_LIMITER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "daemon/base/clock.h"

namespace daytonad {

// Limits single polls to a rate, as a token bucket does: after an idle second, a second's worth may go at once.
class PollRateLimiter {
 public:
  explicit PollRateLimiter(size_t per_second)
      : each_(std::chrono::duration_cast<Clock::Duration>(std::chrono::seconds(1)) / static_cast<long>(per_second)),
        rest_(std::chrono::seconds(1)) {}

  bool Take(Clock::TimePoint now) {
    if (now < NextAt()) return false;
    spent_until_ = std::max(spent_until_, now - rest_) + each_;
    return true;
  }

  // When the next poll may be sent.
  Clock::TimePoint NextAt() const { return spent_until_; }

 private:
  const Clock::Duration each_;
  const Clock::Duration rest_;
  // The polls that were sent use up the rate until this time.
  Clock::TimePoint spent_until_{};
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_POLL_RATE_LIMITER_H_
