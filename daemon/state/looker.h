#ifndef DAYTONAD_DAEMON_STATE_LOOKER_H_
#define DAYTONAD_DAEMON_STATE_LOOKER_H_

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
#include "daemon/state/interest.h"
#include "daemon/state/look_policy.h"
#include "daemon/state/notifier.h"
#include "daemon/state/single_looks.h"

namespace daytonad {

// All that is watched, by id.
template <typename T>
using Interests = absl::flat_hash_map<std::string, std::shared_ptr<Interest<T>>>;

// Looks at what is watched, for all watchers together: how often, depends on the number of objects. A handful are
// looked at one by one; more of them share a list, and only those for which a list does not do are looked at by
// themselves.
template <typename T>
class Looker {
 public:
  // The referred objects outlive this one.
  Looker(Executor executor, Clock& clock, KnownObjects<T>& known, const Freshness& freshness, Interests<T>& interests,
         Looks<T> looks, LookPolicy policy)
      : executor_(executor),
        clock_(clock),
        known_(known),
        freshness_(freshness),
        interests_(interests),
        notifier_(clock, known, freshness),
        looks_(std::move(looks)),
        policy_(policy),
        single_looks_(policy.single_looks) {}
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;

  // It is watched from now on.
  void Begin(Interest<T>& interest, bool fresh) {
    interest.looked_at = clock_.Now();
    LookAt(interest, clock_.Now() + (fresh ? NextPause(interest) : Clock::Duration::zero()));
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

  void LookAtAll() {
    listed_at_ = kLongAgo;
    for (auto& [id, interest] : interests_) {
      interest->pause = Clock::Duration::zero();
      LookAt(*interest, clock_.Now());
    }
  }

  // Nothing is watched any more, perhaps.
  void Wake() {
    wake_at_ = kLongAgo;  // once is enough
    std::exchange(wake_, Event()).Fire();
  }

 private:
  using InterestPtr = std::shared_ptr<Interest<T>>;

  Clock::Duration NextPause(Interest<T>& interest) const {
    const bool events = freshness_.events_up();
    const Clock::Duration first = events ? policy_.first_with_events : policy_.first;
    const Clock::Duration longest = events ? policy_.longest_with_events : policy_.longest;
    const double growth = events ? policy_.growth_with_events : policy_.growth;
    interest.pause = Grown(interest.pause, growth, first, longest);
    return interest.pause;
  }
  static Clock::Duration Grown(Clock::Duration pause, double growth, Clock::Duration first, Clock::Duration longest) {
    return std::clamp(std::chrono::duration_cast<Clock::Duration>(pause * growth), first, longest);
  }

  Clock::Duration ListGap() const { return freshness_.events_up() ? policy_.list_gap_with_events : policy_.list_gap; }

  bool Few() const { return interests_.size() <= policy_.few; }

  // A list does not do for it: it may be gone, and lists may show it for a while still, or are no proof.
  bool Single(const Interest<T>& interest) const {
    return interest.missing || (interest.going && !freshness_.events_up());
  }

  // When a wish for a look at this time may be served.
  Clock::TimePoint Served(const Interest<T>& interest) const {
    if (Few() || interest.urgent()) return interest.next_look;
    if (Single(interest)) return std::max(interest.next_look, single_looks_.NextAt());
    return listing_ ? Clock::TimePoint::max() : std::max(interest.next_look, listed_at_ + ListGap());
  }

  // Takes looks as long as there is something to look at.
  static Task<void> Run(Looker* looker) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    // Never from within the call that wants it: who joins has read what was told, who is in the midst of a change ends
    // it.
    co_await boost::asio::post(looker->executor_, kUseTask);
    looker->read_on_at_.clear();  // upstream may have forgotten that cursor since somebody watched last
    while (!looker->interests_.empty()) {
      if (looker->Few()) {
        looker->GetAllDue();
      } else {
        looker->GetUrgent();
        looker->GetSingle();
        if (looker->ListIsDue()) looker->StartListRound();
      }
      looker->wake_at_ = looker->NextLook();
      const CallContext context = CallContext::Background("watch").WithDeadline(looker->wake_at_);
      const absl::Status woken_or_due = co_await looker->wake_.Wait(looker->clock_, context);
      woken_or_due.IgnoreError();
    }
    looker->running_ = false;
  }

  Clock::TimePoint NextLook() const {
    Clock::TimePoint next = Clock::TimePoint::max();
    for (const auto& [id, interest] : interests_) {
      if (!interest->looking) next = std::min(next, Served(*interest));
    }
    // All places for requests are taken: one of them will wake us.
    return gets_ < policy_.max_gets ? next : std::max(next, clock_.Now() + policy_.first);
  }

  // --- One by one ---

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

  // As many as may be, those first that nothing has shown for longest.
  void GetSingle() {
    const Clock::TimePoint now = clock_.Now();
    const size_t places = policy_.max_gets - std::min(gets_, policy_.max_gets);
    if (places == 0 || now < single_looks_.NextAt()) return;
    std::vector<InterestPtr> due;
    for (const auto& [id, interest] : interests_) {
      if (Single(*interest) && !interest->looking && interest->next_look <= now) due.push_back(interest);
    }
    const auto last = due.begin() + static_cast<std::ptrdiff_t>(std::min(places, due.size()));
    std::partial_sort(due.begin(), last, due.end(),
                      [](const InterestPtr& a, const InterestPtr& b) { return a->looked_at < b->looked_at; });
    for (auto interest = due.begin(); interest != last && single_looks_.Take(now); ++interest) StartGet(*interest);
  }

  void StartGet(const InterestPtr& interest) {
    if (interest->looking || gets_ >= policy_.max_gets) return;
    interest->looking = true;
    interest->missing = false;
    ++gets_;
    Spawn(executor_, Get(this, interest));
  }

  static Task<void> Get(Looker* looker, InterestPtr interest) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    interest->looked_at = looker->clock_.Now();
    const Moment since = looker->known_.Begin();
    const CallContext context =
        CallContext::Background("watch").WithDeadline(interest->looked_at + looker->policy_.limit);
    absl::StatusOr<T> seen = co_await looker->looks_.get(context, interest->id());
    --looker->gets_;
    interest->looking = false;
    if (interest->watchers == 0) co_return;
    looker->TakeLook(*interest, std::move(seen), since);
  }

  // KnownObjects has it already, if it counts; what changed was told.
  void TakeLook(Interest<T>& interest, absl::StatusOr<T> seen, Moment since) {
    if (interest.gone) return;
    const auto* known = known_.Find(interest.id());
    Clock::Duration pause = NextPause(interest);
    if (!seen.ok()) {
      if (interest.urgent()) pause = std::min(pause, policy_.longest);
      pause = std::max<Clock::Duration>(pause, RetryDelay(seen.status()).value_or(std::chrono::seconds(0)));
      // Absent: what is known is gone by now, or a change of it is under way. Not found without that: something else
      // is, and what is known stays.
      const bool telling = absl::IsNotFound(seen.status()) ? known == nullptr : !IsPassing(seen.status());
      if (telling) notifier_.NotifyError(interest, seen.status());
    } else if (seen->id() != interest.id()) {
      // Another one, which is not ours to understand: whoever waits sees it as it is.
      Observation<T> observation;
      observation.object = std::make_shared<const T>(*std::move(seen));
      interest.Tell(std::move(observation));
    } else if (known != nullptr && !notifier_.InDoubt(*known) && SameState(*known->object, *seen)) {
      interest.in_doubt = false;
      notifier_.NotifyConfirmed(interest);
      // A list is waited for, unless that shows it again and again as missing.
      if (!Few()) pause = std::max(pause, interest.missing_pause);
    } else if (known_.IsStale(*seen, since)) {
      // Upstream answers from its cache, and will for some seconds.
      pause = std::min(pause, policy_.longest);
    } else {
      // It was begun before something that was learnt since, and says nothing of that.
      pause = policy_.first;
    }
    LookAt(interest, clock_.Now() + pause);
  }

  // --- By a list ---

  // What waits for a look of its own waits for no list.
  static bool Due(const Interest<T>& interest, Clock::TimePoint now) {
    return interest.next_look <= now && !interest.looking && !interest.missing;
  }

  bool ListIsDue() const {
    const Clock::TimePoint now = clock_.Now();
    if (listing_ || now < listed_at_ + ListGap()) return false;
    return std::ranges::any_of(interests_, [&](const auto& entry) { return Due(*entry.second, now); });
  }

  void StartListRound() {
    listing_ = true;
    listed_at_ = clock_.Now();
    Spawn(executor_, ListRound(this));
  }

  // One look at all. What changed last is at the front of the list, so that it need not be read to its end; what more
  // there is for those that the front does not show is read on, from round to round. From the front to the end is a
  // pass: what it does not show is missing.
  static Task<void> ListRound(Looker* looker) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const Clock::TimePoint begun = looker->listed_at_;
    const CallContext context = CallContext::Background("watch").WithDeadline(begun + looker->policy_.limit);
    absl::flat_hash_set<std::string> unseen = looker->AllDue(begun);
    if (looker->read_on_at_.empty()) looker->pass_begun_ = begun;
    std::string cursor;
    absl::Status failed;
    CursorWalk walk;
    for (int page = 0; page < looker->policy_.max_pages && !unseen.empty(); ++page) {
      absl::StatusOr<RecentChanges> recent = co_await looker->looks_.list(context, std::move(cursor));
      failed = recent.status();
      if (!failed.ok()) break;
      for (const auto& [id, state] : recent->states) looker->SeeListed(id, state, begun, unseen);
      cursor = std::move(recent->next_cursor);
      failed = walk.Take(cursor, !recent->states.empty());
      if (cursor.empty() || !failed.ok()) break;
      if (page == 0 && !looker->read_on_at_.empty()) cursor = std::move(looker->read_on_at_);
    }
    looker->read_on_at_ = failed.ok() && !unseen.empty() ? std::move(cursor) : std::string();
    if (failed.ok()) {
      looker->read_on_at_.empty() ? looker->SeeMissing(unseen) : looker->GetUnseen(unseen, begun);
    } else if (absl::IsUnauthenticated(failed)) {
      looker->FailAll(failed);
    }
    if (failed.ok() || IsPassing(failed) || absl::IsUnauthenticated(failed)) {
      looker->EndRound(begun, RetryDelay(failed).value_or(std::chrono::seconds(0)));
    } else {
      looker->GetAll(unseen);
    }
    looker->listing_ = false;
    looker->Wake();
  }

  absl::flat_hash_set<std::string> AllDue(Clock::TimePoint now) const {
    absl::flat_hash_set<std::string> due;
    for (const auto& [id, interest] : interests_) {
      if (Due(*interest, now)) due.insert(id);
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
    interest.looked_at = interest.listed_at = begun;
    interest.missing = false;
    interest.missing_pause = Clock::Duration::zero();
    const auto* known = known_.Find(id);
    const bool agrees = known != nullptr && known->object->state_text() == state && !notifier_.InDoubt(*known);
    if (agrees) {
      interest.confirmed_at = begun;
      notifier_.NotifyConfirmed(interest);
    } else {
      StartGet(found->second);  // one of the two is late
    }
  }

  // The pass is over. Lists lag, so that what is missing may also be new: that takes a look at it to tell.
  void SeeMissing(const absl::flat_hash_set<std::string>& unseen) {
    for (const std::string& id : unseen) {
      const auto found = interests_.find(id);
      if (found == interests_.end()) continue;
      Interest<T>& interest = *found->second;
      if (interest.gone || interest.looking || interest.listed_at >= pass_begun_) continue;
      interest.missing = true;
      interest.missing_pause = Grown(interest.missing_pause, policy_.growth, policy_.first, policy_.unseen_limit);
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
      if (!served || interest->gone || interest->looking || interest->missing || interest->urgent()) continue;
      interest->next_look = now + std::max(NextPause(*interest), at_least);
    }
  }

  void FailAll(const absl::Status& status) {
    for (const auto& [id, interest] : interests_) notifier_.NotifyError(*interest, status);
  }

  Executor executor_;
  Clock& clock_;
  KnownObjects<T>& known_;
  const Freshness& freshness_;
  Interests<T>& interests_;
  const Notifier<T> notifier_;
  const Looks<T> looks_;
  const LookPolicy policy_;
  SingleLooks single_looks_;
  bool running_ = false;
  bool listing_ = false;
  Clock::TimePoint wake_at_ = Clock::TimePoint::max();
  Event wake_;
  Clock::TimePoint listed_at_ = kLongAgo;
  Clock::TimePoint pass_begun_ = kLongAgo;
  // The cursor where the next round goes on behind the front of the list; empty: where that ends.
  std::string read_on_at_;
  size_t gets_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_LOOKER_H_
