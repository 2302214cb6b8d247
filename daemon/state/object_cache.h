#ifndef DAYTONAD_DAEMON_STATE_OBJECT_CACHE_H_
#define DAYTONAD_DAEMON_STATE_OBJECT_CACHE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "daemon/api/times.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/clock.h"
#include "daemon/base/ids.h"
#include "daemon/state/cache_index.h"
#include "daemon/state/lru_list.h"
#include "daemon/state/record.h"
#include "daemon/state/resources.h"

namespace daytonad {

// All that is known of the objects of one kind: one record each, whatever it was learnt from.
//
// Naively the newest answer would be the truth. But a read that was begun before a mutation may be answered after it, a
// list shows what was, events come late or twice, and upstream's `updatedAt` goes backwards. So the order is that of
// observation: an event counts from its arrival, an answer from when its request was sent, and the later one wins. What
// contradicts that order makes the cached state unconfirmed: it is not given as an answer any more, and whoever watches
// polls.
//
// Ids and names are two key spaces, and the id comes first. A name that has the form of an id leads nowhere by itself:
// there may be an object with that id which is not known.
//
// Loop thread only, but for index(). docs/coherence.md says what callers may rely on.
template <typename T>
class ObjectCache {
 public:
  using Known = daytonad::Known<T>;

  // Told of what those who watch want to know.
  class Listener {
   public:
    virtual ~Listener() = default;
    // It changed, or is gone.
    virtual void OnChanged(const std::string& id, const Known& known, ObservationSource source) = 0;
    // What is known of it may be wrong, since this was seen.
    virtual void OnUnconfirmed(const std::string& id, ObservationSource source) = 0;
  };

  // A mutation that is being made.
  struct Mutation {
    std::string id;    // empty if not known
    std::string name;  // if that is all that is known
    Revision begun = 0;
    bool is_create = false;
  };

  explicit ObjectCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  void set_listener(Listener* listener) { listener_ = listener; }

  // Whatever is begun now comes after all that was learnt before.
  Revision NextRevision() { return ++revision_; }

  // `since` is the moment, `at` the time from which on it counts.
  void Observe(T object, ObservationSource source, Revision since, Clock::TimePoint at) {
    const std::string id = object.id();
    // A list may show what is long gone: it tells of what is known, and makes nothing known.
    if (id.empty() || (source == ObservationSource::kListItem && !records_.contains(id))) return;
    Record& record = RecordOf(id);
    const bool last = IsGone(object);  // nothing comes after that, whenever it was seen
    if (record.known.gone || (source == ObservationSource::kRead && !last && !record.Counts(since))) return;
    if (record.known.object != nullptr) {
      const T& known = *record.known.object;
      // What the whole object does not have, it has no more.
      if (source != ObservationSource::kRead || object.view() != v1::VIEW_FULL) FillIn(object, known);
      const bool left = source == ObservationSource::kRead && !last && ShowsPriorState(record, object);
      if (left && record.stale_reads.ShouldReject(at)) return;
      const bool listed = source == ObservationSource::kListItem;
      const bool late = source == ObservationSource::kEvent && !last && LaterThan(known, object);
      if ((listed || late) && SameState(object, known)) return;  // nothing that is not known better
      const bool newer = record.Counts(since) && LaterThan(object, known);
      if (late || (listed && !newer)) return MarkUnconfirmed(id, record, source);
    }
    Accept(id, record, std::move(object), source, since, at);
  }

  // Is this answer to a read that was begun at `since` older than what was learnt meanwhile, or than what it shows?
  bool IsOutdated(const T& answer, Revision since) const {
    const auto found = records_.find(answer.id());
    if (found == records_.end() || IsGone(answer)) return false;
    const Record& record = found->second;
    return record.known.gone || since < record.floor || since < record.as_of || ShowsPriorState(record, answer);
  }

  // Could this answer to a read that was begun at `since` have shown all that is known, and shows a state that was left
  // before that?
  bool IsStale(const T& answer, Revision since) const {
    const auto found = records_.find(answer.id());
    return found != records_.end() && found->second.Counts(since) && ShowsPriorState(found->second, answer);
  }

  // Corrects an item of a list that was begun at `since` by what is known better, as of `now`. False if it is gone.
  bool Correct(T& item, Revision since, Clock::TimePoint now) const {
    const auto found = records_.find(item.id());
    if (found == records_.end()) return true;
    const Record& record = found->second;
    const bool recent = now - record.observed_at <= kListLag;
    if (recent && record.deleting && !IsDeleting(item) && !IsGone(item)) MarkDeleting(item);
    if (record.known.object == nullptr) return true;
    const T& known = *record.known.object;
    if (record.known.gone) {
      if (IsGone(known)) TakeState(item, known);
      return false;
    }
    const bool better = record.as_of > since || (recent && !LaterThan(item, known));
    if (better && !SameState(item, known)) TakeState(item, known);
    return true;
  }

  // A read of this was answered with NOT_FOUND. Of a name that says nothing: upstream forgets a name for a while after
  // a deletion by it, whoever has it then.
  void ObserveNotFound(const std::string& id_or_name, Revision since, const absl::Status& error = absl::OkStatus()) {
    const auto found = records_.find(id_or_name);
    if (found == records_.end()) return;
    Record& record = found->second;
    if (record.known.object == nullptr || record.known.gone || !record.Counts(since)) return;
    record.known.gone_error = error;
    SetGone(found->first, record, ObservationSource::kRead);
  }

  // Its deletion was accepted, by an answer that says nothing of it.
  void ObserveDeleting(const std::string& id, Clock::TimePoint at) {
    Record& record = RecordOf(id);
    record.deleting = true;
    record.observed_at = std::max(record.observed_at, at);
    if (record.known.object != nullptr && !record.known.gone && !IsDeleting(*record.known.object)) {
      T object = *record.known.object;
      MarkDeleting(object);
      AcceptUnconfirmed(id, record, std::move(object), NextRevision());
    }
    Evict();
  }

  // An event says that it is gone. One that has the name only may be late, and mean one that had it before.
  void ObserveRemoved(const std::string& id, const std::string& name) {
    const auto by_name = names_.find(name);
    const auto found = records_.find(id.empty() && by_name != names_.end() ? by_name->second : id);
    if (found == records_.end() || found->second.known.object == nullptr || found->second.known.gone) return;
    if (id.empty() && !IsDeleting(*found->second.known.object))
      return MarkUnconfirmed(found->first, found->second, ObservationSource::kEvent);
    SetGone(found->first, found->second, ObservationSource::kEvent);
  }

  // What is known of it is no answer from now on, until the mutation has its own. Not for creates: they mutation
  // nothing that is known.
  Mutation BeginMutation(const std::string& id_or_name) {
    Mutation mutation;
    Record* record = FindRecord(id_or_name);
    if (record != nullptr) {
      mutation.id = record->known.object->id();
    } else if (LooksLikeUuid(id_or_name)) {
      mutation.id = id_or_name;
      record = &RecordOf(id_or_name);
    } else {
      mutation.name = id_or_name;
      ++mutations_by_name_[id_or_name];
    }
    if (record != nullptr) {
      ++record->pending_mutations;
      Touch(*record);
      Unpublish(*record);
    }
    RaiseFloor(record);
    mutation.begun = NextRevision();
    return mutation;
  }
  Mutation BeginCreate() {
    Mutation mutation;
    mutation.begun = NextRevision();
    mutation.is_create = true;
    return mutation;
  }

  // `answer` is what upstream said of the object, null if it said nothing. `at` is when the request was sent.
  void EndMutation(const Mutation& mutation, const T* answer, Clock::TimePoint at) {
    Record* const target = CloseMutation(mutation);
    if (answer == nullptr || answer->id().empty()) {
      if (mutation.is_create) return;
      RaiseFloor(target);
      if (target != nullptr && target->known.object != nullptr) {
        MarkUnconfirmed(target->known.object->id(), *target, ObservationSource::kMutation);
      }
      return;
    }
    const std::string id = answer->id();
    Record& record = RecordOf(id);
    const Revision seen_last = std::max(record.as_of, std::exchange(record.last_mutation, NextRevision()));
    const bool outdated = seen_last > mutation.begun && !IsGone(*answer);
    RaiseFloor(&record);
    if (record.known.gone) return;
    T object = *answer;
    if (record.known.object != nullptr) {
      const T& known = *record.known.object;
      FillIn(object, known);
      // Something was seen meanwhile, or another mutation was answered. What is new is answered as it was at first, so
      // that is right; of another mutation nothing tells which is older.
      if (outdated && mutation.is_create) return MergeAnswer(id, record, object);
      if (outdated && !SameState(object, known)) return ResolveConflict(id, record, std::move(object), mutation.begun);
      if (outdated && LaterThan(known, object)) return MergeAnswer(id, record, object);
    }
    Accept(id, record, std::move(object), ObservationSource::kMutation, mutation.begun, at);
  }

  // By id, else by name. Null if nothing is known, or the name may be another one's id.
  const Known* Find(const std::string& id_or_name) {
    Record* record = FindRecord(id_or_name);
    if (record == nullptr) return nullptr;
    Touch(*record);
    return &record->known;
  }

  // Of what has this name, whatever the name looks like; not of what is gone. Null if nothing is known.
  const Known* FindName(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : &records_.at(found->second).known;
  }
  bool HasId(const std::string& id) const {
    const auto found = records_.find(id);
    return found != records_.end() && found->second.known.object != nullptr;
  }

  // What is watched is kept, however little room there is.
  void Pin(const std::string& id) {
    Record& record = RecordOf(id);
    ++record.pins;
    Touch(record);
  }
  void Unpin(const std::string& id) {
    Record& record = RecordOf(id);
    --record.pins;
    Touch(record);
    Evict();
  }

  const CacheIndex<T>& index() const { return index_; }
  size_t bytes() const { return bytes_; }
  size_t size() const { return records_.size(); }

 private:
  using Record = daytonad::Record<T>;

  // Of a record without its object: itself, two keys in the index, a name.
  static constexpr size_t kOverhead = 1024;
  // An object in memory, for each byte of its encoding; to count exactly takes longer than to read it.
  static constexpr size_t kBytesPerByte = 2;
  // How far lists may lag behind.
  static constexpr auto kListLag = std::chrono::seconds(30);

  Record& RecordOf(const std::string& id) {
    const auto [entry, is_new] = records_.try_emplace(id);
    Record& record = entry->second;
    if (is_new) {
      record.place = lru_.Add(id);
      record.floor = floor_;
      record.bytes = kOverhead;
      bytes_ += kOverhead;
    }
    return record;
  }
  Record* FindRecord(const std::string& id_or_name) {
    auto found = records_.find(id_or_name);
    if (found == records_.end() && !LooksLikeUuid(id_or_name)) {
      const auto by_name = names_.find(id_or_name);
      if (by_name != names_.end()) found = records_.find(by_name->second);
    }
    return found == records_.end() || found->second.known.object == nullptr ? nullptr : &found->second;
  }

  // What is to be changed, if it is known by now.
  Record* CloseMutation(const Mutation& mutation) {
    if (!mutation.name.empty()) {
      const auto name = mutations_by_name_.find(mutation.name);
      if (--name->second == 0) mutations_by_name_.erase(name);
      return FindRecord(mutation.name);
    }
    if (mutation.id.empty()) return nullptr;
    Record& record = RecordOf(mutation.id);
    --record.pending_mutations;
    Touch(record);
    return &record;
  }

  void RaiseFloor(Record* record) { (record != nullptr ? record->floor : floor_) = ++revision_; }

  static bool ShowsPriorState(const Record& record, const T& answer) {
    return record.known.object != nullptr && !SameState(answer, *record.known.object) &&
           record.stale_reads.IsPrior(answer);
  }

  void Accept(const std::string& id, Record& record, T object, ObservationSource source, Revision since,
              Clock::TimePoint at) {
    const size_t digest = absl::HashOf(EncodeWithoutTimes(object));
    const bool changed = record.known.object == nullptr || record.digest != digest;
    const bool moved_on = changed && record.known.object != nullptr && !SameState(*record.known.object, object);
    // What a read has shown is in upstream's cache by now.
    if (moved_on && source != ObservationSource::kRead) record.stale_reads.OnStateLeft(*record.known.object);
    if (changed || !SameTimes(*record.known.object, object)) Replace(id, record, std::move(object));
    record.digest = digest;
    record.as_of = std::max(record.as_of, since);
    record.known.confirmed_at = at;
    record.observed_at = std::max(record.observed_at, at);
    record.stale_reads.OnAccepted();
    record.deleting = record.deleting && IsDeleting(*record.known.object);
    if (IsGone(*record.known.object)) return SetGone(id, record, source);
    Publish(id, record);
    Touch(record);
    if (changed && listener_ != nullptr) listener_->OnChanged(id, record.known, source);
    Evict();
  }

  // Adds what only the answer has.
  void MergeAnswer(const std::string& id, Record& record, const T& answer) {
    T object = *record.known.object;
    FillIn(object, answer);
    if (!SameState(object, answer)) record.stale_reads.OnStateLeft(answer);
    Accept(id, record, std::move(object), ObservationSource::kMutation, record.as_of, record.known.confirmed_at);
  }

  // The answer shows another state than what was seen since. The later of the two is kept, but is no answer.
  void ResolveConflict(const std::string& id, Record& record, T answer, Revision since) {
    if (LaterThan(answer, *record.known.object)) return AcceptUnconfirmed(id, record, std::move(answer), since);
    MarkUnconfirmed(id, record, ObservationSource::kMutation);
  }

  void AcceptUnconfirmed(const std::string& id, Record& record, T object, Revision since) {
    Accept(id, record, std::move(object), ObservationSource::kMutation, since, kLongAgo);
    const auto kept = records_.find(id);
    if (kept != records_.end()) MarkUnconfirmed(id, kept->second, ObservationSource::kMutation);
  }

  // A new name is known at once, and the old one is free. Whoever takes a name has it, until somebody else takes it.
  void Replace(const std::string& id, Record& record, T object) {
    const bool named = record.known.object != nullptr && record.known.object->name() == object.name();
    if (!named && record.known.object != nullptr) ForgetName(id, record);
    if (!object.name().empty() && (!named || !names_.contains(object.name()))) TakeName(id, object.name());
    record.known.object = std::make_shared<const T>(std::move(object));
    bytes_ -= record.bytes;
    record.bytes = kOverhead + kBytesPerByte * record.known.object->ByteSizeLong();
    bytes_ += record.bytes;
  }

  void TakeName(const std::string& id, const std::string& name) {
    std::string& owner = names_[name];
    if (owner == id) return;
    if (!owner.empty()) index_.EraseName(name);
    owner = id;
  }

  void ForgetName(const std::string& id, Record& record) {
    Unpublish(record);
    const auto name = names_.find(record.known.object->name());
    if (name != names_.end() && name->second == id) names_.erase(name);
  }

  void SetGone(const std::string& id, Record& record, ObservationSource source) {
    record.known.gone = true;
    RaiseFloor(&record);
    ForgetName(id, record);
    if (listener_ != nullptr) listener_->OnChanged(id, record.known, source);
  }

  void MarkUnconfirmed(const std::string& id, Record& record, ObservationSource source) {
    if (record.known.gone) return;
    record.known.confirmed_at = kLongAgo;
    Unpublish(record);
    if (listener_ != nullptr) listener_->OnUnconfirmed(id, source);
  }

  void Publish(const std::string& id, Record& record) {
    const T& object = *record.known.object;
    const bool mutating = record.pending_mutations > 0 || mutations_by_name_.contains(object.name());
    const bool unconfirmed = record.known.confirmed_at == kLongAgo;
    if (mutating || unconfirmed || object.view() != v1::VIEW_FULL) return Unpublish(record);
    record.published =
        std::make_shared<const typename CacheIndex<T>::Entry>(record.known.object, record.known.confirmed_at);
    index_.PutId(id, record.published);
    const auto name = names_.find(object.name());
    const bool leads = name != names_.end() && name->second == id && !LooksLikeUuid(object.name());
    if (leads) index_.PutName(object.name(), record.published);
  }

  void Unpublish(Record& record) {
    if (record.published == nullptr) return;
    const T& object = *record.published->object;
    index_.EraseId(object.id());
    const auto under_name = index_.FindName(object.name());
    if (under_name != nullptr && under_name->object->id() == object.id()) index_.EraseName(object.name());
    record.published = nullptr;
  }

  // It was used just now.
  void Touch(Record& record) { lru_.Touch(record.place, record.pins > 0 || record.pending_mutations > 0); }

  // The least recently used go first; what was read from the index since it was looked at last gets another round.
  void Evict() {
    const size_t most = 2 * lru_.size();
    for (size_t looked = 0; bytes_ > max_bytes_ && lru_.size() > 0 && looked < most; ++looked) {
      const auto last = records_.find(lru_.last());
      Record& record = last->second;
      if (record.published != nullptr && record.published->used.exchange(false)) {
        Touch(record);
        continue;
      }
      // If it is learnt again, then not from what was begun before this.
      floor_ = std::max({floor_, record.floor, record.as_of});
      if (record.known.object != nullptr) ForgetName(last->first, record);
      bytes_ -= record.bytes;
      records_.erase(last);
      lru_.PopLast();
    }
  }

  const size_t max_bytes_;
  Listener* listener_ = nullptr;
  Revision revision_ = 0;
  // Of records that are new: there was a mutation of something that was not known, or something was forgotten.
  Revision floor_ = 0;
  size_t bytes_ = 0;
  absl::flat_hash_map<std::string, Record> records_;
  absl::flat_hash_map<std::string, std::string> names_;      // the id of what has a name
  absl::flat_hash_map<std::string, int> mutations_by_name_;  // changes under way of what is known by its name only
  LruList lru_;                                              // what is watched or being mutated is pinned
  CacheIndex<T> index_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_OBJECT_CACHE_H_
