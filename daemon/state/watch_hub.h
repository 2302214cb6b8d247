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

// Watches objects of one kind for any number of callers, as one would for itself.
//
// Whatever the daemon learns of an object is news for those who watch it: events, answers to anybody's call, and the
// polls that a Poller sends for all of them.
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

  // Events arrive from now on, or no more. Either way something may have been missed.
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
    // A look shows what is, and not what was in between.
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
    // A list lags as a rule, and then of many objects: the next one may agree.
    if (source != ObservationSource::kListItem) found->second->unconfirmed = true;
    poller_.PollAt(*found->second, clock_.Now());
  }

  // For tests and metrics: how many objects are watched.
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
        // Mostly it is known, and met without that coroutine: Asio would hand its memory, most of it unused, to the
        // long wait that comes next.
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
      if (subscription_ == nullptr) return;  // the first look is fresh
      subscription_->poll_requested = true;
      if (subscription_->gone) return hub_.notifier_.NotifyConfirmed(*subscription_);
      hub_.poller_.PollAt(*subscription_, hub_.clock_.Now());
    }

   private:
    static Task<absl::Status> NoWait() { co_return absl::OkStatus(); }

    // A name that is known from long ago may be another one's by now, and that one is to be watched then.
    const Known<T>* FindKnown() const {
      const Known<T>* const known = hub_.cache_.Find(id_or_name_);
      if (known == nullptr || known->object->id() == id_or_name_) return known;
      return hub_.notifier_.IsFresh(*known, nullptr) ? known : nullptr;
    }

    // It may be asked for again and again, as long as there is no such object.
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

    // If it counts, it is what is known by now; else that is newer, though perhaps unconfirmed.
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
    std::unique_ptr<Observation<T>> first_;  // what the watch begins with, until it is taken
    std::uint64_t read_ = 0;
    Clock::Duration pause_{};  // before it is asked for again
  };

  // Fresh: seen just now, or as good as that.
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
    const SubscriptionPtr kept = std::move(found->second);  // its id is the key
    subscriptions_.erase(found);
    cache_.Unpin(kept->id());
    if (subscriptions_.empty()) poller_.Wake();  // and it ends
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
