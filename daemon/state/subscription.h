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

// The subscription to one object, shared by all its watchers: the latest observations, and when to poll next.
//
// A queue per watcher would cost memory per watcher. Instead there is one queue, and each watcher remembers how far it
// has read. A watcher that falls too far behind is told that it missed something (maybe_missed).
template <typename T>
class Subscription {
 public:
  explicit Subscription(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }

  // The number of the newest observation; 0 if there is none.
  std::uint64_t newest() const { return newest_; }

  void Publish(Observation<T> observation) {
    observations_.push_back(std::move(observation));
    if (observations_.size() > kKept) observations_.erase(observations_.begin());
    ++newest_;
    std::exchange(arrived_, Event()).Fire();
  }

  // The oldest observation that the watcher has not read. There is one if `read` is less than newest().
  Observation<T> Read(std::uint64_t& read) const {
    const std::uint64_t oldest = newest_ - observations_.size() + 1;
    const std::uint64_t next = std::max(read + 1, oldest);
    Observation<T> observation = observations_[static_cast<size_t>(next - oldest)];
    if (next > read + 1) observation.maybe_missed = true;
    read = next;
    return observation;
  }

  // Fires when the next observation arrives.
  Event& arrived() { return arrived_; }

  // Needs a single poll now; a list would take too long.
  bool urgent() const { return poll_requested || unconfirmed; }

  // The rest is for the hub and its poller only.
  int watchers = 0;
  Clock::TimePoint next_poll{};
  Clock::Duration pause{};          // the last pause between two polls
  Clock::TimePoint polled_at{};     // when the last poll was sent
  Clock::TimePoint confirmed_at{};  // when the last poll without a change was sent
  bool polling = false;             // a single poll is in progress
  bool poll_requested = false;      // a watcher asked for a fresh observation (PollNow)
  bool unconfirmed = false;         // an observation contradicted the cached state
  Clock::TimePoint listed_at{};     // when the last list that shows it was sent
  Clock::Duration missing_pause{};  // the last one between two polls while lists do not show the object
  bool missing = false;             // a complete list does not show it
  bool deleting = false;            // its deletion was accepted; it may be gone by now
  bool gone = false;                // needs no further poll
  bool gap = false;                 // events may have been missed: the next observation says so

 private:
  static constexpr size_t kKept = 8;

  const std::string id_;
  std::vector<Observation<T>> observations_;  // usually none or one
  std::uint64_t newest_ = 0;
  Event arrived_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SUBSCRIPTION_H_
