#ifndef DAYTONAD_DAEMON_STATE_WATCH_HUB_H_
#define DAYTONAD_DAEMON_STATE_WATCH_HUB_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/api/watch.h"
#include "daemon/base/error.h"
#include "daemon/base/task.h"
#include "daemon/state/freshness.h"
#include "daemon/state/notifier.h"
#include "daemon/state/object_cache.h"
#include "daemon/state/poller.h"
#include "daemon/state/poller_options.h"
#include "daemon/state/subscription.h"

namespace daytonad {

// Watches objects of one kind for any number of callers, at the cost of one.
//
// Watchers see every observation of their object: events, answers to any caller's request, and the polls that one
// Poller sends for all of them.
template <typename T>
class WatchHub final : public ObjectCache<T>::Listener {
 public:
  // The referred objects outlive this one.
  WatchHub(Executor executor, Clock& clock, ObjectCache<T>& cache, const Freshness& freshness, PollSource<T> source,
           PollerOptions options = PollerOptions())
      : clock_(clock),
        cache_(cache),
        notifier_(clock, cache, freshness),
        get_(source.get),
        options_(options),
        poller_(executor, clock, cache, freshness, subscriptions_, std::move(source), options) {
    cache_.set_listener(this);
  }
  ~WatchHub() override { cache_.set_listener(nullptr); }
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  std::unique_ptr<Watch<T>> Open(std::string id_or_name) {
    return std::make_unique<ObjectWatch>(*this, std::move(id_or_name));
  }

  // The event connection came up or went down. Either way changes may have been missed.
  void OnEventsChanged() {
    for (auto& [id, subscription] : subscriptions_) subscription->gap = true;
    poller_.PollAll();
  }

  // ObjectCache<T>::Listener
  void OnChanged(const std::string& id, const Known<T>& known, ObservationSource source) override {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    Subscription<T>& subscription = *found->second;
    Observation<T> observation = notifier_.ObservationOf(known, &subscription);
    observation.fresh = known.gone || !notifier_.IsUnconfirmed(known);
    // A poll shows the current state, not the states in between.
    observation.maybe_missed = std::exchange(subscription.gap, false) || source == ObservationSource::kRead ||
                               source == ObservationSource::kListItem;
    subscription.poll_requested = false;
    subscription.unconfirmed = false;
    subscription.deleting = IsDeleting(*known.object);
    subscription.gone = known.gone;
    if (known.gone) subscription.next_poll = Clock::TimePoint::max();
    subscription.Publish(std::move(observation));
  }
  void OnUnconfirmed(const std::string& id, ObservationSource source) override {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    // Lists often lag, and then for many objects at once. The next list may agree.
    if (source != ObservationSource::kListItem) found->second->unconfirmed = true;
    poller_.PollAt(*found->second, clock_.Now());
  }

  // How many objects are watched. For tests and metrics.
  size_t size() const { return subscriptions_.size(); }

 private:
  using SubscriptionPtr = std::shared_ptr<Subscription<T>>;

  class ObjectWatch final : public Watch<T> {
   public:
    ObjectWatch(WatchHub& hub, std::string id_or_name) : hub_(hub), id_or_name_(std::move(id_or_name)) {}
    ~ObjectWatch() override {
      if (subscription_ != nullptr) hub_.Unsubscribe(*subscription_);
    }
    ObjectWatch(const ObjectWatch&) = delete;
    ObjectWatch& operator=(const ObjectWatch&) = delete;

    Task<absl::Status> Wait(CallContext context) override {
      if (subscription_ == nullptr) {
        // The common case, a cached object, needs no coroutine. Asio would reuse the coroutine's memory, which is
        // larger than needed, for the long wait that follows.
        const auto* known = pause_ == Clock::Duration::zero() ? FindKnown() : nullptr;
        if (known == nullptr) return ReadFirst(std::move(context));
        StartFromCache(*known);
      }
      if (first_ != nullptr || read_ < subscription_->newest()) return NoWait();
      return subscription_->arrived().Wait(hub_.clock_, std::move(context));
    }

    Observation<T> Take() override {
      if (first_ != nullptr) return std::move(*std::exchange(first_, nullptr));
      return subscription_->Read(read_);
    }

    void PollNow() override {
      pause_ = Clock::Duration::zero();
      if (subscription_ == nullptr) return;  // the first observation is fresh anyway
      subscription_->poll_requested = true;
      if (subscription_->gone) return hub_.notifier_.NotifyConfirmed(*subscription_);
      hub_.poller_.PollAt(*subscription_, hub_.clock_.Now());
    }

   private:
    static Task<absl::Status> NoWait() { co_return absl::OkStatus(); }

    // A name that was cached long ago may belong to another object by now. That object is the one to watch.
    const Known<T>* FindKnown() const {
      const Known<T>* const known = hub_.cache_.Find(id_or_name_);
      if (known == nullptr || known->object->id() == id_or_name_) return known;
      return hub_.notifier_.IsFresh(*known, nullptr) ? known : nullptr;
    }

    // A caller may wait repeatedly while the object does not exist: pause between the reads.
    Task<absl::Status> ReadFirst(CallContext context) {
      Clock::Duration asked_for{};
      while (first_ == nullptr) {
        if (pause_ > Clock::Duration::zero()) {
          absl::Status slept = co_await hub_.clock_.Sleep(context, std::max(pause_, asked_for));
          if (!slept.ok()) co_return slept;
        }
        if (const auto* known = FindKnown()) {
          StartFromCache(*known);
          break;
        }
        pause_ = std::clamp<Clock::Duration>(pause_ * 2, hub_.options_.first, hub_.options_.longest);
        absl::StatusOr<T> seen = co_await hub_.get_(context, id_or_name_);
        if (seen.ok()) {
          StartFromRead(*std::move(seen));
          break;
        }
        if (absl::Status ended = context.Check(hub_.clock_.Now()); !ended.ok()) co_return ended;
        if (IsPassing(seen.status())) {
          asked_for = RetryDelay(seen.status()).value_or(std::chrono::seconds(0));
          continue;
        }
        Observation<T> observation;
        observation.status = seen.status();
        SetFirst(std::move(observation));
      }
      co_return absl::OkStatus();
    }

    void SetFirst(Observation<T> observation) { first_ = std::make_unique<Observation<T>>(std::move(observation)); }

    void StartFromCache(Known<T> known) {
      if (known.gone) {
        pause_ = hub_.options_.first;
        return SetFirst(hub_.notifier_.ObservationOf(known, nullptr));
      }
      Subscribe(known.object->id(), hub_.notifier_.IsFresh(known, nullptr));
      SetFirst(hub_.notifier_.ObservationOf(known, subscription_.get()));
    }

    // The cache has taken the answer, or holds a newer state that may be unconfirmed.
    void StartFromRead(T seen) {
      const auto* known = hub_.cache_.Find(seen.id());
      if (known != nullptr && known->gone) return SetFirst(hub_.notifier_.ObservationOf(*known, nullptr));
      Observation<T> observation;
      observation.fresh = known != nullptr && !hub_.notifier_.IsUnconfirmed(*known);
      observation.object = known != nullptr ? known->object : std::make_shared<const T>(std::move(seen));
      Subscribe(observation.object->id(), observation.fresh);
      SetFirst(std::move(observation));
    }

    void Subscribe(const std::string& id, bool fresh) {
      subscription_ = hub_.Subscribe(id, fresh);
      read_ = subscription_->newest();
    }

    WatchHub& hub_;
    const std::string id_or_name_;
    SubscriptionPtr subscription_;
    std::unique_ptr<Observation<T>> first_;  // the first observation, until it is taken
    std::uint64_t read_ = 0;
    Clock::Duration pause_{};  // before the next first read
  };

  // `fresh`: the state was observed just now.
  SubscriptionPtr Subscribe(const std::string& id, bool fresh) {
    SubscriptionPtr& entry = subscriptions_[id];
    if (entry == nullptr) entry = std::make_shared<Subscription<T>>(id);
    SubscriptionPtr subscription = entry;
    if (++subscription->watchers > 1) return subscription;
    cache_.Pin(id);
    const auto* known = cache_.Find(id);
    subscription->unconfirmed = known != nullptr && notifier_.IsUnconfirmed(*known);
    subscription->deleting = known != nullptr && IsDeleting(*known->object);
    poller_.Add(*subscription, fresh);
    return subscription;
  }

  void Unsubscribe(const Subscription<T>& subscription) {
    const auto found = subscriptions_.find(subscription.id());
    if (--found->second->watchers > 0) return;
    const SubscriptionPtr kept = std::move(found->second);  // keeps the id alive: it is the map's key
    subscriptions_.erase(found);
    cache_.Unpin(kept->id());
    if (subscriptions_.empty()) poller_.Wake();  // ends its loop
  }

  Clock& clock_;
  ObjectCache<T>& cache_;
  const Notifier<T> notifier_;
  const std::function<Task<absl::StatusOr<T>>(CallContext, std::string)> get_;
  const PollerOptions options_;
  Subscriptions<T> subscriptions_;
  Poller<T> poller_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_WATCH_HUB_H_
