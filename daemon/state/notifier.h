#ifndef DAYTONAD_DAEMON_STATE_NOTIFIER_H_
#define DAYTONAD_DAEMON_STATE_NOTIFIER_H_

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/api/watch.h"
#include "daemon/base/clock.h"
#include "daemon/state/freshness.h"
#include "daemon/state/object_cache.h"
#include "daemon/state/subscription.h"

namespace daytonad {

// Turns cached state into observations, and publishes them to the subscriptions.
template <typename T>
class Notifier {
 public:
  // The referred objects outlive this one.
  Notifier(Clock& clock, ObjectCache<T>& cache, const Freshness& freshness)
      : clock_(clock), cache_(cache), freshness_(freshness) {}

  static bool IsUnconfirmed(const Known<T>& known) { return known.confirmed_at == kLongAgo; }

  // `subscription` may be null.
  bool IsFresh(const Known<T>& known, const Subscription<T>* subscription) const {
    if (IsUnconfirmed(known)) return false;
    const Clock::TimePoint at =
        subscription == nullptr ? known.confirmed_at : std::max(known.confirmed_at, subscription->confirmed_at);
    return freshness_.IsFresh(at, clock_.Now(), std::nullopt);
  }

  Observation<T> ObservationOf(const Known<T>& known, const Subscription<T>* subscription) const {
    Observation<T> observation;
    observation.object = known.object;
    if (known.gone) observation.status = known.gone_error.ok() ? GoneError(*known.object) : known.gone_error;
    observation.fresh = known.gone || IsFresh(known, subscription);
    return observation;
  }

  // Answers a PollNow: the poll confirmed the cached state.
  void NotifyConfirmed(Subscription<T>& subscription) const {
    if (!std::exchange(subscription.poll_requested, false)) return;
    const auto* known = cache_.Find(subscription.id());
    if (known == nullptr) return;
    Observation<T> observation = ObservationOf(*known, nullptr);
    observation.fresh = true;
    subscription.Publish(std::move(observation));
  }

  // Publishes an error of upstream.
  void NotifyError(Subscription<T>& subscription, const absl::Status& status) const {
    Observation<T> observation;
    observation.status = status;
    if (const auto* known = cache_.Find(subscription.id())) observation.object = known->object;
    subscription.Publish(std::move(observation));
  }

 private:
  Clock& clock_;
  ObjectCache<T>& cache_;
  const Freshness& freshness_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_NOTIFIER_H_
