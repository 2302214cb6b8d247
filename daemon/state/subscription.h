#ifndef DAYTONAD_DAEMON_STATE_SUBSCRIPTION_H_
#define DAYTONAD_DAEMON_STATE_SUBSCRIPTION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/watch.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"

namespace daytonad {

// An object that somebody watches: the news of it, for any number of watchers, and when to look at it next.
//
// A queue for each watcher would cost memory for each. The news are in one place instead, and a watcher only remembers
// how far it has read; one that falls too far behind is told that it missed something.
template <typename T>
class Subscription {
 public:
  explicit Subscription(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }

  // The number of the newest news; 0 if there are none.
  std::uint64_t newest() const { return newest_; }

  void Publish(Observation<T> observation) {
    observations_.push_back(std::move(observation));
    if (observations_.size() > kKept) observations_.erase(observations_.begin());
    ++newest_;
    std::exchange(arrived_, Event()).Fire();
  }

  // The oldest that a watcher has not read yet; there is one, if `read` is less than newest().
  Observation<T> Read(std::uint64_t& read) const {
    const std::uint64_t oldest = newest_ - observations_.size() + 1;
    const std::uint64_t next = std::max(read + 1, oldest);
    Observation<T> observation = observations_[static_cast<size_t>(next - oldest)];
    if (next > read + 1) observation.maybe_missed = true;
    read = next;
    return observation;
  }

  // Fires when the next news arrive.
  Event& arrived() { return arrived_; }

  // Somebody waits for a look at it, or needs one: it is not left to a list.
  bool urgent() const { return poll_requested || unconfirmed; }

  // For the hub and its poller alone.
  int watchers = 0;
  Clock::TimePoint next_poll{};
  Clock::Duration pause{};          // the last one between two polls
  Clock::TimePoint polled_at{};     // when a look at it was begun last
  Clock::TimePoint confirmed_at{};  // when a look that showed nothing new was begun last
  bool polling = false;             // a request for it alone is under way
  bool poll_requested = false;      // somebody waits for a fresh observation, changed or not
  bool unconfirmed = false;         // what is known of it was contradicted
  Clock::TimePoint listed_at{};     // when the last list that shows it was begun
  Clock::Duration missing_pause{};  // the last one between two polls because lists do not show it
  bool missing = false;             // a list that was read to its end does not show it
  bool deleting = false;            // it will be gone soon, and may be by now
  bool gone = false;                // and needs no look any more
  bool gap = false;                 // events were missed, perhaps: the next news shall say so

 private:
  static constexpr size_t kKept = 8;

  const std::string id_;
  std::vector<Observation<T>> observations_;  // mostly none or one
  std::uint64_t newest_ = 0;
  Event arrived_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SUBSCRIPTION_H_
