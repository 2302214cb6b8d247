#ifndef DAYTONAD_DAEMON_STATE_WATCH_HUB_H_
#define DAYTONAD_DAEMON_STATE_WATCH_HUB_H_

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/api/cursor_walk.h"
#include "daemon/api/watch.h"
#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/state/freshness.h"
#include "daemon/state/interest.h"
#include "daemon/state/known_objects.h"
#include "daemon/state/look_policy.h"

namespace daytonad {

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
    listed_at_ = KnownObjects<T>::kLongAgo;
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
    sighting.fresh = known.gone || !InDoubt(known);
    // A look shows what is, and not what was in between.
    sighting.maybe_missed = std::exchange(interest.gap, false) || sight == Sight::kRead || sight == Sight::kListItem;
    interest.look_wanted = false;
    interest.in_doubt = false;
    interest.gone = known.gone;
    if (known.gone) interest.next_look = Clock::TimePoint::max();
    interest.Tell(std::move(sighting));
  }
  void OnDoubt(const std::string& id, Sight sight) override {
    const auto found = interests_.find(id);
    if (found == interests_.end()) return;
    // A list lags as a rule, and then of many objects: the next one may agree.
    if (sight != Sight::kListItem) found->second->in_doubt = true;
    LookAt(*found->second, clock_.Now());
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

    Task<absl::Status> Wait(CallContext context) override {
      if (interest_ == nullptr) {
        // Mostly it is known, and met without that coroutine: Asio would hand its memory, most of it unused, to the
        // long wait that comes next.
        const auto* known = pause_ == Clock::Duration::zero() ? hub_.known_.Find(id_or_name_) : nullptr;
        if (known == nullptr) return First(std::move(context));
        MeetKnown(*known);
      }
      if (met_ != nullptr || read_ < interest_->newest()) return NoWait();
      return interest_->arrived().Wait(hub_.clock_, std::move(context));
    }

    Sighting<T> Take() override {
      if (met_ != nullptr) return std::move(*std::exchange(met_, nullptr));
      return interest_->Read(read_);
    }

    void LookNow() override {
      pause_ = Clock::Duration::zero();
      if (interest_ == nullptr) return;  // the first look is fresh
      interest_->look_wanted = true;
      if (interest_->gone) return hub_.Confirm(*interest_);
      hub_.LookAt(*interest_, hub_.clock_.Now());
    }

   private:
    static Task<absl::Status> NoWait() { co_return absl::OkStatus(); }

    // It may be asked for again and again, as long as there is no such object.
    Task<absl::Status> First(CallContext context) {
      Clock::Duration asked_for{};
      while (met_ == nullptr) {
        if (pause_ > Clock::Duration::zero()) {
          absl::Status slept = co_await hub_.clock_.Sleep(context, std::max(pause_, asked_for));
          if (!slept.ok()) co_return slept;
        }
        if (const auto* known = hub_.known_.Find(id_or_name_)) {
          MeetKnown(*known);
          break;
        }
        pause_ = std::clamp<Clock::Duration>(pause_ * 2, hub_.policy_.first, hub_.policy_.longest);
        absl::StatusOr<T> seen = co_await hub_.looks_.get(context, id_or_name_);
        if (seen.ok()) {
          MeetSeen(*std::move(seen));
          break;
        }
        if (absl::Status ended = context.Check(hub_.clock_.Now()); !ended.ok()) co_return ended;
        if (IsPassing(seen.status())) {
          asked_for = RetryDelay(seen.status()).value_or(std::chrono::seconds(0));
          continue;
        }
        Sighting<T> sighting;
        sighting.status = seen.status();
        Meet(std::move(sighting));
      }
      co_return absl::OkStatus();
    }

    void Meet(Sighting<T> sighting) { met_ = std::make_unique<Sighting<T>>(std::move(sighting)); }

    void MeetKnown(typename KnownObjects<T>::Known known) {
      if (known.gone) {
        pause_ = hub_.policy_.first;
        return Meet(hub_.Present(known, nullptr));
      }
      Join(known.object->id(), hub_.IsFresh(known, nullptr));
      Meet(hub_.Present(known, interest_.get()));
    }

    // If it counts, it is what is known by now; else that is newer, though perhaps in doubt.
    void MeetSeen(T seen) {
      const auto* known = hub_.known_.Find(seen.id());
      if (known != nullptr && known->gone) return Meet(hub_.Present(*known, nullptr));
      Sighting<T> sighting;
      sighting.fresh = known != nullptr && !InDoubt(*known);
      sighting.object = known != nullptr ? known->object : std::make_shared<const T>(std::move(seen));
      Join(sighting.object->id(), sighting.fresh);
      Meet(std::move(sighting));
    }

    void Join(const std::string& id, bool fresh) {
      interest_ = hub_.Join(id, fresh);
      read_ = interest_->newest();
    }

    WatchHub& hub_;
    const std::string id_or_name_;
    InterestPtr interest_;
    std::unique_ptr<Sighting<T>> met_;  // what the watch begins with, until it is taken
    std::uint64_t read_ = 0;
    Clock::Duration pause_{};  // before it is asked for again
  };

  Sighting<T> Present(const typename KnownObjects<T>::Known& known, const Interest<T>* interest) const {
    Sighting<T> sighting;
    sighting.object = known.object;
    if (known.gone) sighting.status = known.gone_error.ok() ? GoneError(*known.object) : known.gone_error;
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

  // Fresh: seen just now, or as good as that.
  InterestPtr Join(const std::string& id, bool fresh) {
    InterestPtr& entry = interests_[id];
    if (entry == nullptr) entry = std::make_shared<Interest<T>>(id);
    InterestPtr interest = entry;
    if (++interest->watchers > 1) return interest;
    known_.Pin(id);
    interest->looked_at = clock_.Now();
    const auto* known = known_.Find(id);
    interest->in_doubt = known != nullptr && InDoubt(*known);
    LookAt(*interest, clock_.Now() + (fresh ? NextPause(*interest) : Clock::Duration::zero()));
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
    if (Few() || interest.urgent()) return interest.next_look;
    return listing_ ? Clock::TimePoint::max() : std::max(interest.next_look, listed_at_ + ListGap());
  }

  void LookAt(Interest<T>& interest, Clock::TimePoint when) {
    if (interest.gone) return;
    interest.next_look = when;
    if (running_) {
      if (Served(interest) < wake_at_) Wake();
      return;
    }
    running_ = true;
    Spawn(executor_, Run(this));
  }

  void Wake() {
    wake_at_ = KnownObjects<T>::kLongAgo;  // once is enough
    std::exchange(wake_, Event()).Fire();
  }

  // Takes looks as long as there is something to look at.
  static Task<void> Run(WatchHub* hub) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    // Never from within the call that wants it: who joins has read what was told, who is in the midst of a change ends
    // it.
    co_await boost::asio::post(hub->executor_, kUseTask);
    hub->read_on_at_.clear();  // upstream may have forgotten that cursor since somebody watched last
    while (!hub->interests_.empty()) {
      if (hub->Few()) {
        hub->GetAllDue();
      } else {
        hub->GetUrgent();
        if (hub->ListIsDue()) hub->StartListRound();
      }
      hub->wake_at_ = hub->NextLook();
      const CallContext context = CallContext::Background("watch").WithDeadline(hub->wake_at_);
      const absl::Status woken_or_due = co_await hub->wake_.Wait(hub->clock_, context);
      woken_or_due.IgnoreError();
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

  // If they are many, the list may do.
  void GetUrgent() {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, interest] : interests_) {
      if (gets_ >= policy_.max_gets) break;
      if (interest->urgent() && interest->next_look <= now) StartGet(interest);
    }
  }

  bool ListIsDue() const {
    const Clock::TimePoint now = clock_.Now();
    if (listing_ || now < listed_at_ + ListGap()) return false;
    return std::ranges::any_of(
        interests_, [&](const auto& entry) { return entry.second->next_look <= now && !entry.second->looking; });
  }

  void StartGet(const InterestPtr& interest) {
    if (interest->looking || gets_ >= policy_.max_gets) return;
    interest->looking = true;
    ++gets_;
    Spawn(executor_, Get(this, interest));
  }

  static Task<void> Get(WatchHub* hub, InterestPtr interest) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    interest->looked_at = hub->clock_.Now();
    const CallContext context = CallContext::Background("watch").WithDeadline(interest->looked_at + hub->policy_.limit);
    absl::StatusOr<T> seen = co_await hub->looks_.get(context, interest->id());
    --hub->gets_;
    interest->looking = false;
    if (interest->watchers == 0) co_return;
    hub->TakeLook(*interest, std::move(seen));
  }

  // KnownObjects has it already, if it counts; what changed was told.
  void TakeLook(Interest<T>& interest, absl::StatusOr<T> seen) {
    const auto* known = known_.Find(interest.id());
    Clock::Duration pause = NextPause(interest);
    if (!seen.ok()) {
      if (interest.urgent()) pause = std::min(pause, policy_.longest);
      pause = std::max<Clock::Duration>(pause, RetryDelay(seen.status()).value_or(std::chrono::seconds(0)));
      // Absent: what is known is gone by now, or a change of it is under way. Not found without that: something else
      // is, and what is known stays.
      const bool telling = absl::IsNotFound(seen.status()) ? known == nullptr : !IsPassing(seen.status());
      if (telling) Fail(interest, seen.status());
    } else if (seen->id() != interest.id()) {
      // Another one, which is not ours to understand: whoever waits sees it as it is.
      Sighting<T> sighting;
      sighting.object = std::make_shared<const T>(*std::move(seen));
      interest.Tell(std::move(sighting));
    } else if (known != nullptr && !InDoubt(*known) && SameState(*known->object, *seen)) {
      interest.in_doubt = false;
      Confirm(interest);
    } else {
      // It was begun before something that was learnt since, and says nothing of that.
      pause = policy_.first;
    }
    LookAt(interest, clock_.Now() + pause);
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

  void StartListRound() {
    listing_ = true;
    listed_at_ = clock_.Now();
    Spawn(executor_, ListRound(this));
  }

  // One look at all. What changed last is at the front of the list, so that it need not be read to its end; what more
  // there is for those that the front does not show is read on, from round to round.
  static Task<void> ListRound(WatchHub* hub) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const Clock::TimePoint begun = hub->listed_at_;
    const CallContext context = CallContext::Background("watch").WithDeadline(begun + hub->policy_.limit);
    absl::flat_hash_set<std::string> unseen = hub->Due(begun);
    std::string cursor;
    absl::Status failed;
    CursorWalk walk;
    for (int page = 0; page < hub->policy_.max_pages && !unseen.empty(); ++page) {
      absl::StatusOr<RecentChanges> recent = co_await hub->looks_.list(context, std::move(cursor));
      failed = recent.status();
      if (!failed.ok()) break;
      for (const auto& [id, state] : recent->states) hub->SeeListed(id, state, begun, unseen);
      cursor = std::move(recent->next_cursor);
      failed = walk.Take(cursor, !recent->states.empty());
      if (cursor.empty() || !failed.ok()) break;
      if (page == 0 && !hub->read_on_at_.empty()) cursor = std::move(hub->read_on_at_);
    }
    hub->read_on_at_ = failed.ok() && !unseen.empty() ? std::move(cursor) : std::string();
    if (failed.ok()) {
      hub->GetUnseen(unseen, begun);
    } else if (absl::IsUnauthenticated(failed)) {
      hub->FailAll(failed);
    }
    if (failed.ok() || IsPassing(failed) || absl::IsUnauthenticated(failed)) {
      hub->EndRound(begun, RetryDelay(failed).value_or(std::chrono::seconds(0)));
    } else {
      hub->GetAll(unseen);
    }
    hub->listing_ = false;
    hub->Wake();
  }

  absl::flat_hash_set<std::string> Due(Clock::TimePoint now) const {
    absl::flat_hash_set<std::string> due;
    for (const auto& [id, interest] : interests_) {
      if (interest->next_look <= now && !interest->looking) due.insert(id);
    }
    return due;
  }

  // If it is the list that upstream does not give, its objects may be had one by one; else each says what is wrong.
  void GetAll(const absl::flat_hash_set<std::string>& ids) {
    for (const std::string& id : ids) {
      if (const auto found = interests_.find(id); found != interests_.end()) StartGet(found->second);
    }
  }

  void SeeListed(const std::string& id, const std::string& state, Clock::TimePoint begun,
                 absl::flat_hash_set<std::string>& unseen) {
    const auto found = interests_.find(id);
    if (found == interests_.end()) return;
    unseen.erase(id);
    Interest<T>& interest = *found->second;
    if (interest.gone) return;
    interest.looked_at = begun;
    const auto* known = known_.Find(id);
    const bool agrees = known != nullptr && known->object->state_text() == state && !InDoubt(*known);
    if (agrees) {
      interest.confirmed_at = begun;
      Confirm(interest);
    } else {
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

  // All that the list has shown are in step from now on: one list does for them the next time, too.
  void EndRound(Clock::TimePoint begun, Clock::Duration at_least) {
    const Clock::TimePoint now = clock_.Now();
    for (const auto& [id, interest] : interests_) {
      const bool served = interest->next_look <= begun || interest->looked_at == begun;
      if (!served || interest->gone || interest->looking || interest->urgent()) continue;
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
  bool listing_ = false;
  Clock::TimePoint wake_at_ = Clock::TimePoint::max();
  Event wake_;
  Clock::TimePoint listed_at_ = KnownObjects<T>::kLongAgo;
  // The cursor where the next round goes on behind the front of the list; empty: where that ends.
  std::string read_on_at_;
  size_t gets_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_WATCH_HUB_H_
