#ifndef DAYTONAD_DAEMON_STATE_STALE_READ_DETECTOR_H_
#define DAYTONAD_DAEMON_STATE_STALE_READ_DETECTOR_H_

#include <chrono>
#include <optional>
#include <string>

#include "daemon/base/clock.h"

namespace daytonad {

// Tells the answers to reads that show a state which upstream itself has left.
//
// Upstream keeps what it has looked up for ten seconds. So a read that is sent after an event may be answered with what
// was before it, and the order of observation would take the state back. Such an answer is the state that was left, or
// one from before it, by its `updatedAt`. (That is not compared with the present state's: upstream's times go backwards
// by some milliseconds from one state to the next.) It is refused. But a state that is truly newer may be stamped so,
// too; hence, what is still answered when that cache must be over, counts.
class StaleReadDetector {
 public:
  // How long upstream may go on to answer from its cache.
  static constexpr auto kUpstreamRemembers = std::chrono::seconds(10);
  // How far apart the times of one state may be, as an event and as an answer show it.
  static constexpr auto kSameTime = std::chrono::milliseconds(10);

  // This state was left for another, as something else than a read has shown.
  template <typename T>
  void OnStateLeft(const T& object) {
    if (!object.has_updated_at() || TimeOf(object) < left_at_) return;
    left_at_ = TimeOf(object);
    left_state_ = object.state_text();
  }

  // Something was seen that counts.
  void OnAccepted() { refused_at_.reset(); }

  // Does this show a state that was left, by all that is known?
  template <typename T>
  bool IsPrior(const T& answer) const {
    if (!answer.has_updated_at()) return false;
    if (answer.state_text() == left_state_) return TimeOf(answer) <= left_at_ + kSameTime;
    return TimeOf(answer) < left_at_;
  }

  // Is such an answer, to a read that was sent `at`, to be refused?
  bool ShouldReject(Clock::TimePoint at) {
    if (!refused_at_.has_value()) refused_at_ = at;
    return at - *refused_at_ <= kUpstreamRemembers;
  }

 private:
  template <typename T>
  static std::chrono::nanoseconds TimeOf(const T& object) {
    return std::chrono::seconds(object.updated_at().seconds()) + std::chrono::nanoseconds(object.updated_at().nanos());
  }

  std::chrono::nanoseconds left_at_ = std::chrono::nanoseconds::min() / 2;  // the latest time of a state that was left
  std::string left_state_;
  std::optional<Clock::TimePoint> refused_at_;  // when the first read was sent whose answer was refused
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_STALE_READ_DETECTOR_H_
