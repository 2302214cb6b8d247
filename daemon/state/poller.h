#ifndef DAYTONAD_DAEMON_STATE_POLLER_H_
#define DAYTONAD_DAEMON_STATE_POLLER_H_

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/api/cursor_walk.h"
#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/state/notifier.h"
#include "daemon/state/poll_rate_limiter.h"
#include "daemon/state/poller_options.h"
#include "daemon/state/subscription.h"

namespace daytonad {

// All watched objects, by id.
template <typename T>
using Subscriptions = absl::flat_hash_map<std::string, std::shared_ptr<Subscription<T>>>;

// Polls the watched objects, once for all watchers. A few objects are polled one by one. More of them share a list, and
// only objects that a list cannot settle are polled singly.
template <typename T>
class Poller {
 public:
  // The referred objects outlive this one.
  Poller(Executor executor, Clock& clock, ObjectCache<T>& cache, const Freshness& freshness,
         Subscriptions<T>& subscriptions, PollSource<T> source, PollerOptions options)
      : executor_(executor),
        clock_(clock),
        cache_(cache),
        freshness_(freshness),
        subscriptions_(subscriptions),
        notifier_(clock, cache, freshness),
        source_(std::move(source)),
        options_(options),
        single_poll_limiter_(options.single_polls_per_second) {}
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Starts polling this object. `fresh`: its state was observed just now.
  void Add(Subscription<T>& subscription, bool fresh) {
    subscription.polled_at = clock_.Now();
    PollAt(subscription, clock_.Now() + (fresh ? NextPause(subscription) : Clock::Duration::zero()));
  }

  void PollAt(Subscription<T>& subscription, Clock::TimePoint when) {
    if (subscription.gone) return;
    subscription.next_poll = when;
    if (running_) {
      if (ServedAt(subscription) < wake_at_) Wake();
      return;
    }
    running_ = true;
    Spawn(executor_, Run(this));
  }

  void PollAll() {
    listed_at_ = kLongAgo;
    for (auto& [id, subscription] : subscriptions_) {
      subscription->pause = Clock::Duration::zero();
      PollAt(*subscription, clock_.Now());
    }
  }

  // Re-evaluates when to poll next; ends the loop if nothing is watched any more.
  void Wake() {
    wake_at_ = kLongAgo;  // no second wake-up before the loop has run
    std::exchange(wake_, Event()).Fire();
  }

 private:
  using SubscriptionPtr = std::shared_ptr<Subscription<T>>;

  Clock::Duration NextPause(Subscription<T>& subscription) const {
    const bool events = freshness_.events_up();
    const Clock::Duration first = events ? options_.first_with_events : options_.first;
    const Clock::Duration longest = events ? options_.longest_with_events : options_.longest;
    const double growth = events ? options_.growth_with_events : options_.growth;
    subscription.pause = Grown(subscription.pause, growth, first, longest);
    return subscription.pause;
  }
  static Clock::Duration Grown(Clock::Duration pause, double growth, Clock::Duration first, Clock::Duration longest) {
    return std::clamp(std::chrono::duration_cast<Clock::Duration>(pause * growth), first, longest);
  }

  Clock::Duration ListInterval() const {
    return freshness_.events_up() ? options_.list_interval_with_events : options_.list_interval;
  }

  bool Few() const { return subscriptions_.size() <= options_.few; }

  // The object may be gone, and a list cannot prove that: lists lag.
  bool NeedsOwnPoll(const Subscription<T>& subscription) const {
    return subscription.missing || (subscription.deleting && !freshness_.events_up());
  }

  // When the poll of this object is due, within the limits on lists and single polls.
  Clock::TimePoint ServedAt(const Subscription<T>& subscription) const {
    if (Few() || subscription.urgent()) return subscription.next_poll;
    if (NeedsOwnPoll(subscription)) return std::max(subscription.next_poll, single_poll_limiter_.NextAt());
    return listing_ ? Clock::TimePoint::max() : std::max(subscription.next_poll, listed_at_ + ListInterval());
  }

  // Polls as long as there is something to poll.
  static Task<void> Run(Poller* poller) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    // Never poll from within the caller: a new watcher first takes its first observation, and a mutation in progress
    // first completes.
    co_await boost::asio::post(poller->executor_, kUseTask);
    poller->read_on_at_.clear();  // the cursor may have expired since the last watcher left
    while (!poller->subscriptions_.empty()) {
      if (poller->Few()) {
        poller->StartDuePolls();
      } else {
        poller->StartUrgentPolls();
        poller->StartSinglePolls();
        if (poller->ListIsDue()) poller->StartListRound();
      }
      poller->wake_at_ = poller->NextPollAt();
      const CallContext context = CallContext::Background("watch").WithDeadline(poller->wake_at_);
      const absl::Status woken_or_due = co_await poller->wake_.Wait(poller->clock_, context);
      woken_or_due.IgnoreError();
    }
    poller->running_ = false;
  }

  Clock::TimePoint NextPollAt() const {
    Clock::TimePoint next = Clock::TimePoint::max();
    for (const auto& [id, subscription] : subscriptions_) {
      if (!subscription->polling) next = std::min(next, ServedAt(*subscription));
    }
    // All request slots are taken. A poll that ends frees one.
    return polls_in_flight_ < options_.max_polls_in_flight ? next : std::max(next, clock_.Now() + options_.first);
  }

  // --- One by one ---

  void StartDuePolls() {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, subscription] : subscriptions_) {
      if (subscription->next_poll <= now) StartPoll(subscription);
    }
  }

  // Up to the limit; for the rest the list may suffice.
  void StartUrgentPolls() {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, subscription] : subscriptions_) {
      if (polls_in_flight_ >= options_.max_polls_in_flight) break;
      if (subscription->urgent() && subscription->next_poll <= now) StartPoll(subscription);
    }
  }

  // As many as the limits allow, the longest unobserved first.
  void StartSinglePolls() {
    const Clock::TimePoint now = clock_.Now();
    const size_t places = options_.max_polls_in_flight - std::min(polls_in_flight_, options_.max_polls_in_flight);
    if (places == 0 || now < single_poll_limiter_.NextAt()) return;
    std::vector<SubscriptionPtr> due;
    for (const auto& [id, subscription] : subscriptions_) {
      if (NeedsOwnPoll(*subscription) && !subscription->polling && subscription->next_poll <= now)
        due.push_back(subscription);
    }
    const auto last = due.begin() + static_cast<std::ptrdiff_t>(std::min(places, due.size()));
    std::partial_sort(due.begin(), last, due.end(),
                      [](const SubscriptionPtr& a, const SubscriptionPtr& b) { return a->polled_at < b->polled_at; });
    for (auto subscription = due.begin(); subscription != last && single_poll_limiter_.Take(now); ++subscription)
      StartPoll(*subscription);
  }

  void StartPoll(const SubscriptionPtr& subscription) {
    if (subscription->polling || polls_in_flight_ >= options_.max_polls_in_flight) return;
    subscription->polling = true;
    subscription->missing = false;
    ++polls_in_flight_;
    Spawn(executor_, Get(this, subscription));
  }

  static Task<void> Get(Poller* poller, SubscriptionPtr subscription) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    subscription->polled_at = poller->clock_.Now();
    const Revision since = poller->cache_.NextRevision();
    const CallContext context =
        CallContext::Background("watch").WithDeadline(subscription->polled_at + poller->options_.limit);
    absl::StatusOr<T> seen = co_await poller->source_.get(context, subscription->id());
    --poller->polls_in_flight_;
    subscription->polling = false;
    if (subscription->watchers == 0) co_return;
    poller->OnPolled(*subscription, std::move(seen), since);
  }

  // The api has already put the answer into the ObjectCache, which notified the watchers of changes.
  void OnPolled(Subscription<T>& subscription, absl::StatusOr<T> seen, Revision since) {
    if (subscription.gone) return;
    const auto* known = cache_.Find(subscription.id());
    Clock::Duration pause = NextPause(subscription);
    if (!seen.ok()) {
      if (subscription.urgent()) pause = std::min(pause, options_.longest);
      pause = std::max<Clock::Duration>(pause, RetryDelay(seen.status()).value_or(std::chrono::seconds(0)));
      // IsAbsent: the cache marked the object gone, or a mutation is in progress. Any other NOT_FOUND is about
      // something else, and the cached state stays.
      const bool telling = absl::IsNotFound(seen.status()) ? known == nullptr : !IsPassing(seen.status());
      if (telling) notifier_.NotifyError(subscription, seen.status());
    } else if (seen->id() != subscription.id()) {
      // Upstream answered with another object. Pass it on; the watcher decides.
      Observation<T> observation;
      observation.object = std::make_shared<const T>(*std::move(seen));
      subscription.Publish(std::move(observation));
    } else if (known != nullptr && !notifier_.IsUnconfirmed(*known) && SameState(*known->object, *seen)) {
      subscription.unconfirmed = false;
      notifier_.NotifyConfirmed(subscription);
      // The next list shows it again, unless lists keep missing it.
      if (!Few()) pause = std::max(pause, subscription.missing_pause);
    } else if (cache_.IsStale(*seen, since)) {
      // Upstream answers from its cache, which expires within seconds.
      pause = std::min(pause, options_.longest);
    } else {
      // The poll was sent before a newer observation and says nothing about it.
      pause = options_.first;
    }
    PollAt(subscription, clock_.Now() + pause);
  }

  // --- By a list ---

  // Objects that are polled singly do not wait for a list.
  static bool Due(const Subscription<T>& subscription, Clock::TimePoint now) {
    return subscription.next_poll <= now && !subscription.polling && !subscription.missing;
  }

  bool ListIsDue() const {
    const Clock::TimePoint now = clock_.Now();
    if (listing_ || now < listed_at_ + ListInterval()) return false;
    return std::ranges::any_of(subscriptions_, [&](const auto& entry) { return Due(*entry.second, now); });
  }

  void StartListRound() {
    listing_ = true;
    listed_at_ = clock_.Now();
    Spawn(executor_, ListRound(this));
  }

  // Polls all objects with one list, sorted by the latest change. Most changes are on its first page, so a round reads
  // a few pages only. If objects are still missing, the next round reads the first page and then goes on where this one
  // stopped. A pass runs from the first page to the end of the list; objects that it did not show are missing.
  static Task<void> ListRound(Poller* poller) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const Clock::TimePoint begun = poller->listed_at_;
    const CallContext context = CallContext::Background("watch").WithDeadline(begun + poller->options_.limit);
    absl::flat_hash_set<std::string> unseen = poller->AllDue(begun);
    if (poller->read_on_at_.empty()) poller->pass_begun_ = begun;
    std::string cursor;
    absl::Status failed;
    CursorWalk walk;
    for (int page = 0; page < poller->options_.max_pages && !unseen.empty(); ++page) {
      absl::StatusOr<RecentChanges> recent = co_await poller->source_.list(context, std::move(cursor));
      failed = recent.status();
      if (!failed.ok()) break;
      for (const auto& [id, state] : recent->states) poller->OnListed(id, state, begun, unseen);
      cursor = std::move(recent->next_cursor);
      failed = walk.Take(cursor, !recent->states.empty());
      if (cursor.empty() || !failed.ok()) break;
      if (page == 0 && !poller->read_on_at_.empty()) cursor = std::move(poller->read_on_at_);
    }
    poller->read_on_at_ = failed.ok() && !unseen.empty() ? std::move(cursor) : std::string();
    if (failed.ok()) {
      poller->read_on_at_.empty() ? poller->MarkMissing(unseen) : poller->PollUnseen(unseen, begun);
    } else if (absl::IsUnauthenticated(failed)) {
      poller->FailAll(failed);
    }
    if (failed.ok() || IsPassing(failed) || absl::IsUnauthenticated(failed)) {
      poller->EndRound(begun, RetryDelay(failed).value_or(std::chrono::seconds(0)));
    } else {
      poller->GetAll(unseen);
    }
    poller->listing_ = false;
    poller->Wake();
  }

  absl::flat_hash_set<std::string> AllDue(Clock::TimePoint now) const {
    absl::flat_hash_set<std::string> due;
    for (const auto& [id, subscription] : subscriptions_) {
      if (Due(*subscription, now)) due.insert(id);
    }
    return due;
  }

  // The list itself failed. Poll its objects one by one; each poll then succeeds or reports its own error.
  void GetAll(const absl::flat_hash_set<std::string>& ids) {
    for (const std::string& id : ids) {
      if (const auto found = subscriptions_.find(id); found != subscriptions_.end()) StartPoll(found->second);
    }
  }

  void OnListed(const std::string& id, const std::string& state, Clock::TimePoint begun,
                absl::flat_hash_set<std::string>& unseen) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return;
    unseen.erase(id);
    Subscription<T>& subscription = *found->second;
    if (subscription.gone) return;
    subscription.polled_at = subscription.listed_at = begun;
    subscription.missing = false;
    subscription.missing_pause = Clock::Duration::zero();
    const auto* known = cache_.Find(id);
    const bool agrees = known != nullptr && known->object->state_text() == state && !notifier_.IsUnconfirmed(*known);
    if (agrees) {
      subscription.confirmed_at = begun;
      notifier_.NotifyConfirmed(subscription);
    } else {
      StartPoll(found->second);  // the list and the cache disagree: a read decides
    }
  }

  // The pass is complete. A missing object may be gone or too new for the list. A single poll decides.
  void MarkMissing(const absl::flat_hash_set<std::string>& unseen) {
    for (const std::string& id : unseen) {
      const auto found = subscriptions_.find(id);
      if (found == subscriptions_.end()) continue;
      Subscription<T>& subscription = *found->second;
      if (subscription.gone || subscription.polling || subscription.listed_at >= pass_begun_) continue;
      subscription.missing = true;
      subscription.missing_pause =
          Grown(subscription.missing_pause, options_.growth, options_.first, options_.unseen_limit);
    }
  }

  void PollUnseen(const absl::flat_hash_set<std::string>& unseen, Clock::TimePoint begun) {
    size_t started = 0;
    for (const std::string& id : unseen) {
      if (started == options_.unseen_per_round) return;
      const auto found = subscriptions_.find(id);
      if (found == subscriptions_.end() || begun - found->second->polled_at < options_.unseen_limit) continue;
      StartPoll(found->second);
      ++started;
    }
  }

  // Schedules all objects of this round for the same time, so that they share the next list, too.
  void EndRound(Clock::TimePoint begun, Clock::Duration at_least) {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, subscription] : subscriptions_) {
      const bool served = subscription->next_poll <= begun || subscription->polled_at == begun;
      if (!served || subscription->gone || subscription->polling || subscription->missing || subscription->urgent())
        continue;
      subscription->next_poll = now + std::max(NextPause(*subscription), at_least);
    }
  }

  void FailAll(const absl::Status& status) {
    for (const auto& [id, subscription] : subscriptions_) notifier_.NotifyError(*subscription, status);
  }

  Executor executor_;
  Clock& clock_;
  ObjectCache<T>& cache_;
  const Freshness& freshness_;
  Subscriptions<T>& subscriptions_;
  const Notifier<T> notifier_;
  const PollSource<T> source_;
  const PollerOptions options_;
  PollRateLimiter single_poll_limiter_;
  bool running_ = false;
  bool listing_ = false;
  Clock::TimePoint wake_at_ = Clock::TimePoint::max();
  Event wake_;
  Clock::TimePoint listed_at_ = kLongAgo;
  Clock::TimePoint pass_begun_ = kLongAgo;
  // Where the next round goes on after the first page; empty: with the second one.
  std::string read_on_at_;
  size_t polls_in_flight_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_POLLER_H_
