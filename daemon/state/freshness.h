#ifndef DAYTONAD_DAEMON_STATE_FRESHNESS_H_
#define DAYTONAD_DAEMON_STATE_FRESHNESS_H_

#include <atomic>
#include <chrono>
#include <optional>

#include "daemon/base/clock.h"

namespace daytonad {

// How long what is known of an object may be given as an answer. Zero: never.
struct Lifetimes {
  // While nothing tells the daemon of changes.
  Clock::Duration polling = std::chrono::seconds(1);
  // While upstream's events arrive.
  Clock::Duration with_events = std::chrono::seconds(30);
};

// Is what is known still good enough? Changed on the loop thread, asked on any.
class Freshness {
 public:
  explicit Freshness(Lifetimes lifetimes) : lifetimes_(lifetimes) {}

  void EventsUp(Clock::TimePoint now) { up_since_.store(now.time_since_epoch().count()); }
  void EventsDown() { up_since_.store(kDown); }
  bool events_up() const { return up_since_.load() != kDown; }

  // `confirmed_at` is since when it is known. What was seen before the events came up has not been watched by them.
  bool IsFresh(Clock::TimePoint confirmed_at, Clock::TimePoint now, std::optional<Clock::Duration> max_age) const {
    const bool watched = confirmed_at.time_since_epoch().count() >= up_since_.load();
    const Clock::Duration allowed = max_age.value_or(watched ? lifetimes_.with_events : lifetimes_.polling);
    return allowed > Clock::Duration::zero() && now - confirmed_at <= allowed;
  }

 private:
  static constexpr Clock::Duration::rep kDown = Clock::Duration::max().count();

  const Lifetimes lifetimes_;
  std::atomic<Clock::Duration::rep> up_since_ = kDown;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_FRESHNESS_H_
