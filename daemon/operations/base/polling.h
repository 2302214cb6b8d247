#ifndef DAYTONAD_DAEMON_OPERATIONS_BASE_POLLING_H_
#define DAYTONAD_DAEMON_OPERATIONS_BASE_POLLING_H_

#include <algorithm>
#include <chrono>

#include "daemon/base/clock.h"

namespace daytonad {

// How often to poll: quickly at first, because most changes come soon, then slower.
struct PollPolicy {
  Clock::Duration first = std::chrono::milliseconds(100);
  double growth = 1.25;
  Clock::Duration longest = std::chrono::seconds(1);
  // How long the first pause is repeated before it grows.
  Clock::Duration quick_for = std::chrono::seconds(0);
};

// The successive pauses of a policy.
class PollBackoff {
 public:
  explicit PollBackoff(const PollPolicy& policy) : policy_(policy), next_(policy.first) {}

  Clock::Duration Next() {
    const Clock::Duration pause = next_;
    paused_ += pause;
    if (paused_ < policy_.quick_for) return pause;
    const auto grown = std::chrono::duration_cast<Clock::Duration>(next_ * policy_.growth);
    next_ = std::min(grown, policy_.longest);
    return pause;
  }

 private:
  PollPolicy policy_;
  Clock::Duration next_;
  Clock::Duration paused_{};
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BASE_POLLING_H_
