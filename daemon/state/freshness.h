#ifndef DAYTONAD_DAEMON_STATE_FRESHNESS_H_
#define DAYTONAD_DAEMON_STATE_FRESHNESS_H_

#include <atomic>
#include <chrono>
#include <optional>

#include "daemon/base/clock.h"

namespace daytonad {

// How long a cached object stays fresh. Zero: never fresh.
struct Lifetimes {
  // While the event connection is down.
  Clock::Duration polling = std::chrono::seconds(1);
  // While the event connection is up.
  Clock::Duration with_events = std::chrono::seconds(30);
};

// Decides whether a cached object is fresh enough for a read. Written on the loop thread, read on any.
class Freshness {
 public:
  explicit Freshness(Lifetimes lifetimes) : lifetimes_(lifetimes) {}

  void EventsUp(Clock::TimePoint now) { up_since_.store(now.time_since_epoch().count()); }
  void EventsDown() { up_since_.store(kDown); }
  bool events_up() const { return up_since_.load() != kDown; }

  // An object that was confirmed before the events came up counts as cached without events: they may have missed its
  // last change.
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
