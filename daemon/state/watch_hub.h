#ifndef DAYTONAD_DAEMON_STATE_WATCH_HUB_H_
#define DAYTONAD_DAEMON_STATE_WATCH_HUB_H_

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/api/watch.h"
#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/base/task.h"
#include "daemon/state/freshness.h"
#include "daemon/state/interest.h"
#include "daemon/state/known_objects.h"

namespace daytonad {

// A page of a list of what changed last: ids, with the state that the list shows.
struct RecentChanges {
  std::vector<std::pair<std::string, std::string>> states;
  // Of the next page; empty on the last.
  std::string next_cursor;
};

// How to look at objects of one kind. What is seen also goes into KnownObjects, by itself.
template <typename T>
struct Looks {
  std::function<Task<absl::StatusOr<T>>(CallContext, std::string id_or_name)> get;
  // The page at a cursor; "" is the first.
  std::function<Task<absl::StatusOr<RecentChanges>>(CallContext, std::string cursor)> list;
};

// How often to look.
struct LookPolicy {
  // While no events arrive: quickly at first, because most changes come soon, then slower.
  Clock::Duration first = std::chrono::milliseconds(100);
  Clock::Duration longest = std::chrono::seconds(1);
  Clock::Duration list_gap = std::chrono::milliseconds(250);
  double growth = 1.25;
  // While they arrive, to notice what they missed.
  Clock::Duration first_with_events = std::chrono::seconds(1);
  Clock::Duration longest_with_events = std::chrono::seconds(15);
  Clock::Duration list_gap_with_events = std::chrono::seconds(10);
  double growth_with_events = 1.5;
  // Up to so many objects are looked at one by one; more share a list.
  size_t few = 4;
  // Pages of a list that are read in one round.
  int max_pages = 4;
  // What lists have not shown for so long is looked at by itself, some in each round.
  Clock::Duration unseen_limit = std::chrono::seconds(20);
  size_t unseen_per_round = 3;
  // Requests for one object that are under way at a time.
  size_t max_gets = 16;
};

// Watches objects of one kind for any number of callers, as one would for itself.
//
// Whatever the daemon learns of an object is news for those who watch it: events, answers to anybody's call, and looks
// that the hub takes itself. How many there are of those depends on the number of objects, not of watchers; and from a
// handful of objects on, they share a list.
template <typename T>
class WatchHub final : public KnownObjects<T>::Listener {
 public:
  // The referred objects outlive this one.
  WatchHub(Executor executor, Clock& clock, KnownObjects<T>& known, const Freshness& freshness, Looks<T> looks,
           LookPolicy policy = LookPolicy())
      : executor_(executor),
        clock_(clock),
        known_(known),
        freshness_(freshness),
        looks_(std::move(looks)),
        policy_(policy) {
    known_.set_listener(this);
  }
  ~WatchHub() override { known_.set_listener(nullptr); }
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  std::unique_ptr<Watch<T>> Open(std::string id_or_name) {
    return std::make_unique<ObjectWatch>(*this, std::move(id_or_name));
  }

  // Events arrive from now on, or no more. Either way something may have been missed.
  void OnEventsChanged() {
    for (auto& [id, interest] : interests_) {
      interest->gap = true;
      interest->pause = Clock::Duration::zero();
      LookAt(*interest, clock_.Now());
    }
  }

  // KnownObjects<T>::Listener
  void OnChanged(const std::string& id, const typename KnownObjects<T>::Known& known, Sight sight) override {
    const auto found = interests_.find(id);
    if (found == interests_.end()) return;
    Interest<T>& interest = *found->second;
    Sighting<T> sighting = Present(known, &interest);
    sighting.fresh = true;
    // A look shows what is, and not what was in between.
    sighting.maybe_missed = std::exchange(interest.gap, false) || sight == Sight::kRead || sight == Sight::kListItem;
    interest.look_wanted = false;
    if (known.gone) interest.next_look = Clock::TimePoint::max();
    interest.Tell(std::move(sighting));
  }
  void OnDoubt(const std::string& id, Sight) override {
    const auto found = interests_.find(id);
    if (found != interests_.end()) LookAt(*found->second, clock_.Now());
  }

  // For tests and metrics: how many objects are watched.
  size_t size() const { return interests_.size(); }

 private:
  using InterestPtr = std::shared_ptr<Interest<T>>;

  class ObjectWatch final : public Watch<T> {
   public:
    ObjectWatch(WatchHub& hub, std::string id_or_name) : hub_(hub), id_or_name_(std::move(id_or_name)) {}
    ~ObjectWatch() override {
      if (interest_ != nullptr) hub_.Leave(*interest_);
    }
    ObjectWatch(const ObjectWatch&) = delete;
    ObjectWatch& operator=(const ObjectWatch&) = delete;

    Task<absl::StatusOr<Sighting<T>>> Next(CallContext context) override {
      if (interest_ == nullptr) co_return co_await First(std::move(context));
      while (read_ == interest_->newest()) {
        // A copy: the interest has another one as soon as this fires.
        const std::shared_ptr<Event> arrived = interest_->arrived();
        absl::Status waited = co_await arrived->Wait(hub_.clock_, context);
        if (!waited.ok()) co_return waited;
      }
      co_return interest_->Read(read_);
    }

    void LookNow() override {
      if (interest_ == nullptr) return;  // the first look is fresh
      interest_->look_wanted = true;
      const auto* known = hub_.known_.Find(interest_->id());
      if (known != nullptr && known->gone) return hub_.Confirm(*interest_);
      hub_.LookAt(*interest_, hub_.clock_.Now());
    }

   private:
    Task<absl::StatusOr<Sighting<T>>> First(CallContext context) {
      if (const auto* known = hub_.known_.Find(id_or_name_)) {
        if (known->gone) co_return hub_.Present(*known, nullptr);
        Join(known->object->id());
        co_return hub_.Present(*known, interest_.get());
      }
      Clock::Duration pause = hub_.policy_.first;
      while (true) {
        absl::StatusOr<T> seen = co_await hub_.looks_.get(context, id_or_name_);
        if (seen.ok()) {
          Join(seen->id());
          Sighting<T> sighting;
          sighting.object = hub_.Remember(*std::move(seen));
          co_return sighting;
        }
        if (absl::Status ended = context.Check(hub_.clock_.Now()); !ended.ok()) co_return ended;
        if (!IsPassing(seen.status())) {
          Sighting<T> sighting;
          sighting.status = seen.status();
          co_return sighting;
        }
        const Clock::Duration asked_for = RetryDelay(seen.status()).value_or(std::chrono::seconds(0));
        absl::Status slept = co_await hub_.clock_.Sleep(context, std::max(pause, asked_for));
        if (!slept.ok()) co_return slept;
        pause = std::min(pause * 2, hub_.policy_.longest);
      }
    }

    void Join(const std::string& id) {
      interest_ = hub_.Join(id);
      read_ = interest_->newest();
    }

    WatchHub& hub_;
    const std::string id_or_name_;
    InterestPtr interest_;
    std::uint64_t read_ = 0;
  };

  Sighting<T> Present(const typename KnownObjects<T>::Known& known, const Interest<T>* interest) const {
    Sighting<T> sighting;
    sighting.object = known.object;
    if (known.gone) sighting.status = GoneError(*known.object);
    sighting.fresh = known.gone || IsFresh(known, interest);
    return sighting;
  }

  bool IsFresh(const typename KnownObjects<T>::Known& known, const Interest<T>* interest) const {
    if (InDoubt(known)) return false;
    const Clock::TimePoint at = interest == nullptr ? known.seen_at : std::max(known.seen_at, interest->confirmed_at);
    return freshness_.IsFresh(at, clock_.Now(), std::nullopt);
  }

  static bool InDoubt(const typename KnownObjects<T>::Known& known) {
    return known.seen_at == KnownObjects<T>::kLongAgo;
  }

  // The shared object, if it is the one that was seen just now.
  std::shared_ptr<const T> Remember(T seen) {
    const auto* known = known_.Find(seen.id());
    if (known != nullptr && !known->gone && SameState(*known->object, seen)) return known->object;
    return std::make_shared<const T>(std::move(seen));
  }

  InterestPtr Join(const std::string& id) {
    InterestPtr& interest = interests_[id];
    if (interest == nullptr) {
      interest = std::make_shared<Interest<T>>(id);
      interest->looked_at = clock_.Now();
      known_.Pin(id);
      const auto* known = known_.Find(id);
      const bool fresh = known != nullptr && IsFresh(*known, nullptr);
      LookAt(*interest, clock_.Now() + (fresh ? NextPause(*interest) : Clock::Duration::zero()));
    }
    ++interest->watchers;
    return interest;
  }

  void Leave(const Interest<T>& interest) {
    const auto found = interests_.find(interest.id());
    if (--found->second->watchers > 0) return;
    const InterestPtr kept = std::move(found->second);  // its id is the key
    interests_.erase(found);
    known_.Unpin(kept->id());
    if (interests_.empty()) Wake();  // the looker ends
  }

  // --- Looking ---

  Clock::Duration NextPause(Interest<T>& interest) const {
    const bool events = freshness_.events_up();
    const Clock::Duration first = events ? policy_.first_with_events : policy_.first;
    const Clock::Duration longest = events ? policy_.longest_with_events : policy_.longest;
    const double growth = events ? policy_.growth_with_events : policy_.growth;
    const auto grown = std::chrono::duration_cast<Clock::Duration>(interest.pause * growth);
    interest.pause = std::clamp(grown, first, longest);
    return interest.pause;
  }

  Clock::Duration ListGap() const { return freshness_.events_up() ? policy_.list_gap_with_events : policy_.list_gap; }

  bool Few() const { return interests_.size() <= policy_.few; }

  // When the looker may serve a wish for a look at this time.
  Clock::TimePoint Served(const Interest<T>& interest) const {
    return Few() || interest.look_wanted ? interest.next_look : std::max(interest.next_look, listed_at_ + ListGap());
  }

  void LookAt(Interest<T>& interest, Clock::TimePoint when) {
    interest.next_look = when;
    if (running_) {
      if (Served(interest) < wake_at_) Wake();
      return;
    }
    running_ = true;
    boost::asio::co_spawn(executor_, Run(this), boost::asio::detached);
  }

  void Wake() { std::exchange(wake_, std::make_shared<Event>())->Fire(); }

  // Takes looks as long as there is something to look at.
  static Task<void> Run(WatchHub* hub) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    while (!hub->interests_.empty()) {
      if (hub->Few()) {
        hub->GetAllDue();
      } else {
        hub->GetWanted();
        if (hub->ListIsDue()) co_await hub->ListRound();
        if (hub->interests_.empty()) break;  // what the list told ended all waits, and nobody is left to wake us
      }
      const std::shared_ptr<Event> wake = hub->wake_;
      hub->wake_at_ = hub->NextLook();
      const CallContext context = CallContext::Background("watch").WithDeadline(hub->wake_at_);
      co_await wake->Wait(hub->clock_, context);
    }
    hub->running_ = false;
  }

  Clock::TimePoint NextLook() const {
    Clock::TimePoint next = Clock::TimePoint::max();
    for (const auto& [id, interest] : interests_) {
      if (!interest->looking) next = std::min(next, Served(*interest));
    }
    // All places for requests are taken: one of them will wake us.
    return gets_ < policy_.max_gets ? next : std::max(next, clock_.Now() + policy_.first);
  }

  void GetAllDue() {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, interest] : interests_) {
      if (interest->next_look <= now) StartGet(interest);
    }
  }

  // Somebody waits for these. If they are many, the list will do.
  void GetWanted() {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, interest] : interests_) {
      if (gets_ >= policy_.max_gets) break;
      if (interest->look_wanted && interest->next_look <= now) StartGet(interest);
    }
  }

  bool ListIsDue() const {
    const Clock::TimePoint now = clock_.Now();
    if (now < listed_at_ + ListGap()) return false;
    return std::ranges::any_of(interests_, [&](const auto& entry) { return entry.second->next_look <= now; });
  }

  void StartGet(const InterestPtr& interest) {
    if (interest->looking || gets_ >= policy_.max_gets) return;
    interest->looking = true;
    ++gets_;
    boost::asio::co_spawn(executor_, Get(this, interest), boost::asio::detached);
  }

  static Task<void> Get(WatchHub* hub, InterestPtr interest) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    interest->looked_at = hub->clock_.Now();
    absl::StatusOr<T> seen = co_await hub->looks_.get(CallContext::Background("watch"), interest->id());
    --hub->gets_;
    interest->looking = false;
    if (interest->watchers == 0) co_return;
    Clock::Duration pause = hub->NextPause(*interest);
    if (seen.ok() && seen->id() != interest->id()) {
      // Another one, which is not ours to understand: whoever waits sees it as it is.
      Sighting<T> sighting;
      sighting.object = std::make_shared<const T>(*std::move(seen));
      interest->Tell(std::move(sighting));
    } else if (seen.ok()) {
      // What was begun before a change that was made since says nothing of it.
      const auto* known = hub->known_.Find(interest->id());
      if (known == nullptr || InDoubt(*known)) {
        pause = hub->policy_.first;
      } else {
        hub->Confirm(*interest);
      }
    } else {
      pause = std::max<Clock::Duration>(pause, RetryDelay(seen.status()).value_or(std::chrono::seconds(0)));
      if (!absl::IsNotFound(seen.status()) && !IsPassing(seen.status())) hub->Fail(*interest, seen.status());
    }
    const auto* known = hub->known_.Find(interest->id());
    if (known == nullptr || !known->gone) hub->LookAt(*interest, hub->clock_.Now() + pause);
  }

  // Whoever waits for a look has had it.
  void Confirm(Interest<T>& interest) {
    if (!std::exchange(interest.look_wanted, false)) return;
    const auto* known = known_.Find(interest.id());
    if (known == nullptr) return;
    Sighting<T> sighting = Present(*known, nullptr);
    sighting.fresh = true;
    interest.Tell(std::move(sighting));
  }

  void Fail(Interest<T>& interest, const absl::Status& status) {
    Sighting<T> sighting;
    sighting.status = status;
    if (const auto* known = known_.Find(interest.id())) sighting.object = known->object;
    interest.Tell(std::move(sighting));
  }

  // One look at all: what changed last is at the front of the list, so that it need not be read to its end.
  Task<void> ListRound() {
    listed_at_ = clock_.Now();
    const Clock::TimePoint begun = listed_at_;
    absl::flat_hash_set<std::string> unseen;
    for (const auto& [id, interest] : interests_) {
      if (interest->next_look <= begun && !interest->looking) unseen.insert(id);
    }
    std::string cursor;
    for (int page = 0; page < policy_.max_pages && !unseen.empty(); ++page) {
      absl::StatusOr<RecentChanges> recent = co_await looks_.list(CallContext::Background("watch"), std::move(cursor));
      if (!recent.ok()) {
        EndRound(begun, RetryDelay(recent.status()).value_or(std::chrono::seconds(0)));
        if (!IsPassing(recent.status())) FailAll(recent.status());
        co_return;
      }
      for (const auto& [id, state] : recent->states) SeeListed(id, state, begun, unseen);
      cursor = std::move(recent->next_cursor);
      if (cursor.empty()) break;
    }
    GetUnseen(unseen, begun);
    EndRound(begun, Clock::Duration::zero());
  }

  void SeeListed(const std::string& id, const std::string& state, Clock::TimePoint begun,
                 absl::flat_hash_set<std::string>& unseen) {
    const auto found = interests_.find(id);
    if (found == interests_.end()) return;
    unseen.erase(id);
    Interest<T>& interest = *found->second;
    interest.looked_at = begun;
    const auto* known = known_.Find(id);
    const bool agrees = known != nullptr && !known->gone && known->object->state_text() == state && !InDoubt(*known);
    if (agrees) {
      interest.confirmed_at = begun;
      Confirm(interest);
    } else if (known == nullptr || !known->gone) {
      StartGet(found->second);  // one of the two is late
    }
  }

  void GetUnseen(const absl::flat_hash_set<std::string>& unseen, Clock::TimePoint begun) {
    size_t started = 0;
    for (const std::string& id : unseen) {
      if (started == policy_.unseen_per_round) return;
      const auto found = interests_.find(id);
      if (found == interests_.end() || begun - found->second->looked_at < policy_.unseen_limit) continue;
      StartGet(found->second);
      ++started;
    }
  }

  void EndRound(Clock::TimePoint begun, Clock::Duration at_least) {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, interest] : interests_) {
      if (interest->looking || interest->next_look > begun) continue;
      interest->next_look = now + std::max(NextPause(*interest), at_least);
    }
  }

  void FailAll(const absl::Status& status) {
    for (const auto& [id, interest] : interests_) Fail(*interest, status);
  }

  Executor executor_;
  Clock& clock_;
  KnownObjects<T>& known_;
  const Freshness& freshness_;
  const Looks<T> looks_;
  const LookPolicy policy_;
  absl::flat_hash_map<std::string, InterestPtr> interests_;
  bool running_ = false;
  Clock::TimePoint wake_at_ = Clock::TimePoint::max();
  std::shared_ptr<Event> wake_ = std::make_shared<Event>();
  Clock::TimePoint listed_at_ = KnownObjects<T>::kLongAgo;
  size_t gets_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_WATCH_HUB_H_
