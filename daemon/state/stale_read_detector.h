#ifndef DAYTONAD_DAEMON_STATE_STALE_READ_DETECTOR_H_
#define DAYTONAD_DAEMON_STATE_STALE_READ_DETECTOR_H_

#include <chrono>
#include <optional>
#include <string>

#include "daemon/base/clock.h"

namespace daytonad {

// Detects reads that upstream answers with a state that the object has already left.
//
// Upstream caches its lookups for ten seconds. So a read that is sent after an event may still show the state before
// it, although its revision is higher. Such an answer shows the last state that was left, or, by its `updatedAt`, an
// even older one. It is rejected. (The `updatedAt` is not compared with that of the current state: upstream's times can
// go backwards by milliseconds from one state to the next.) A genuinely newer state may carry such a time, too. So an
// answer that still comes when upstream's cache must have expired is accepted.
class StaleReadDetector {
 public:
  // How long upstream may answer from its cache.
  static constexpr auto kUpstreamRemembers = std::chrono::seconds(10);
  // How much the times of one state may differ between an event and an answer.
  static constexpr auto kSameTime = std::chrono::milliseconds(10);

  // The object left this state, as an event, a mutation or a list showed.
  template <typename T>
  void OnStateLeft(const T& object) {
    if (!object.has_updated_at() || TimeOf(object) < left_at_) return;
    left_at_ = TimeOf(object);
    left_state_ = object.state_text();
  }

  // An observation was accepted.
  void OnAccepted() { refused_at_.reset(); }

  // Does the answer show a state that the object has left?
  template <typename T>
  bool IsPrior(const T& answer) const {
    if (!answer.has_updated_at()) return false;
    if (answer.state_text() == left_state_) return TimeOf(answer) <= left_at_ + kSameTime;
    return TimeOf(answer) < left_at_;
  }

  // Should such an answer, to a read that was sent `at`, be rejected?
  bool ShouldReject(Clock::TimePoint at) {
    if (!refused_at_.has_value()) refused_at_ = at;
    return at - *refused_at_ <= kUpstreamRemembers;
  }

 private:
  template <typename T>
  static std::chrono::nanoseconds TimeOf(const T& object) {
    return std::chrono::seconds(object.updated_at().seconds()) + std::chrono::nanoseconds(object.updated_at().nanos());
  }

  std::chrono::nanoseconds left_at_ =
      std::chrono::nanoseconds::min() / 2;  // the latest `updatedAt` of a state that was left
  std::string left_state_;
  std::optional<Clock::TimePoint> refused_at_;  // when the first read was sent whose answer was rejected
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_STALE_READ_DETECTOR_H_
