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

// A mutation in progress.
struct PendingMutation {
  std::string id;    // empty if unknown
  std::string name;  // set if the id is unknown
  Revision begun = 0;
  bool is_create = false;
};

// The cache of all objects of one kind: one record per object, fed by every source.
//
// Simply keeping the newest answer would be wrong. A read that was sent before a mutation may be answered after it,
// lists lag, events arrive late or twice, and upstream's `updatedAt` can go backwards. So observations are ordered by
// revision: an event gets its revision on arrival, an answer when its request is sent, and the higher revision wins. An
// observation that contradicts this order makes the cached state unconfirmed: it is no longer served from the cache,
// and if the object is watched, it is polled.
//
// Ids and names are two key spaces. A lookup tries the id first. A name that has the form of a UUID is never looked up
// as a name: an object with that id may exist without being cached.
//
// Loop thread only, except for index(). docs/coherence.md lists what callers may rely on.
template <typename T>
class ObjectCache {
 public:
  using Known = daytonad::Known<T>;

  // Receives the changes that watchers need to know.
  class Listener {
   public:
    virtual ~Listener() = default;
    // The object changed or was deleted.
    virtual void OnChanged(const std::string& id, const Known& known, ObservationSource source) = 0;
    // The cached state became unconfirmed: an observation from `source` contradicts it.
    virtual void OnUnconfirmed(const std::string& id, ObservationSource source) = 0;
  };

  using Mutation = PendingMutation;

  explicit ObjectCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  void set_listener(Listener* listener) { listener_ = listener; }

  // Starts an observation: its revision is higher than that of every earlier one.
  Revision NextRevision() { return ++revision_; }

  // Takes an observation. `since` is its revision, `at` the time at which the object was known to be in this state.
  void Observe(T object, ObservationSource source, Revision since, Clock::TimePoint at) {
    const std::string id = object.id();
    // A list may show objects that are long gone, so a list item updates records and never creates one.
    if (id.empty() || (source == ObservationSource::kListItem && !records_.contains(id))) return;
    Record& record = RecordOf(id);
    const bool last = IsGone(object);  // deletion is final, whatever the revision
    if (record.known.gone || (source == ObservationSource::kRead && !last && !record.Counts(since))) return;
    if (record.known.object != nullptr) {
      const T& known = *record.known.object;
      // A full read replaces every field; partial observations are completed from the cache.
      if (source != ObservationSource::kRead || object.view() != v1::VIEW_FULL) FillIn(object, known);
      const bool left = source == ObservationSource::kRead && !last && ShowsPriorState(record, object);
      if (left && record.stale_reads.ShouldReject(at)) return;
      const bool listed = source == ObservationSource::kListItem;
      const bool late = source == ObservationSource::kEvent && !last && LaterThan(known, object);
      if ((listed || late) && SameState(object, known)) return;  // nothing new
      const bool newer = record.Counts(since) && LaterThan(object, known);
      if (late || (listed && !newer)) return MarkUnconfirmed(id, record, source);
    }
    Accept(id, record, std::move(object), source, since, at);
  }

  // Is this answer to a read of revision `since` older than what is cached by now?
  bool IsOutdated(const T& answer, Revision since) const {
    const auto found = records_.find(answer.id());
    if (found == records_.end() || IsGone(answer)) return false;
    const Record& record = found->second;
    return record.known.gone || since < record.floor || since < record.as_of || ShowsPriorState(record, answer);
  }

  // Does this answer show a state that the object had left before the read was sent? Then upstream answered from a
  // cache of its own.
  bool IsStale(const T& answer, Revision since) const {
    const auto found = records_.find(answer.id());
    return found != records_.end() && found->second.Counts(since) && ShowsPriorState(found->second, answer);
  }

  // Updates an item of a list of revision `since` with newer cached state. Returns false if the object is gone.
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

  // A read by this id was answered NOT_FOUND. For a name that proves nothing: after a deletion by name, upstream does
  // not find that name for a while, even if another object has it by now.
  void ObserveNotFound(const std::string& id_or_name, Revision since, const absl::Status& error = absl::OkStatus()) {
    const auto found = records_.find(id_or_name);
    if (found == records_.end()) return;
    Record& record = found->second;
    if (record.known.object == nullptr || record.known.gone || !record.Counts(since)) return;
    record.known.gone_error = error;
    SetGone(found->first, record, ObservationSource::kRead);
  }

  // Upstream accepted the deletion, with an empty answer.
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

  // An event says that the object was removed. An event with a name only may be late and mean the name's previous
  // owner.
  void ObserveRemoved(const std::string& id, const std::string& name) {
    const auto by_name = names_.find(name);
    const auto found = records_.find(id.empty() && by_name != names_.end() ? by_name->second : id);
    if (found == records_.end() || found->second.known.object == nullptr || found->second.known.gone) return;
    if (id.empty() && !IsDeleting(*found->second.known.object))
      return MarkUnconfirmed(found->first, found->second, ObservationSource::kEvent);
    SetGone(found->first, found->second, ObservationSource::kEvent);
  }

  // Stops serving the object from the cache until the mutation is answered. Creates use BeginCreate: they affect no
  // cached object.
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

  // `answer` is the object in upstream's answer, null if there is none. `at` is when the request was sent.
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
      // There was a newer observation, or another mutation was answered. A create's answer shows the initial state, so
      // the newer observation wins. Between two mutations, nothing tells which came first.
      if (outdated && mutation.is_create) return MergeAnswer(id, record, object);
      if (outdated && !SameState(object, known)) return ResolveConflict(id, record, std::move(object), mutation.begun);
      if (outdated && LaterThan(known, object)) return MergeAnswer(id, record, object);
    }
    Accept(id, record, std::move(object), ObservationSource::kMutation, mutation.begun, at);
  }

  // By id, else by name. Null if the object is not cached, or if the name may be another object's id.
  const Known* Find(const std::string& id_or_name) {
    Record* record = FindRecord(id_or_name);
    if (record == nullptr) return nullptr;
    Touch(*record);
    return &record->known;
  }

  // By name only, whatever the name looks like; ignores deleted objects. Null if the object is not cached.
  const Known* FindName(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : &records_.at(found->second).known;
  }
  bool HasId(const std::string& id) const {
    const auto found = records_.find(id);
    return found != records_.end() && found->second.known.object != nullptr;
  }

  // Pinned records are not evicted. Watched objects are pinned.
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

  // Estimated size of a record without its object: the record, two index keys, a name.
  static constexpr size_t kOverhead = 1024;
  // Estimated memory per byte of an object's encoding. Counting exactly would take longer than a read.
  static constexpr size_t kBytesPerByte = 2;
  // How far upstream's lists may lag.
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

  // The record that the mutation is about; null if the object is not cached.
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
    // Reads come from upstream's own cache, so a state that a read replaces cannot come back from there.
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

  // Keeps the cached state and adds fields that only the answer has.
  void MergeAnswer(const std::string& id, Record& record, const T& answer) {
    T object = *record.known.object;
    FillIn(object, answer);
    if (!SameState(object, answer)) record.stale_reads.OnStateLeft(answer);
    Accept(id, record, std::move(object), ObservationSource::kMutation, record.as_of, record.known.confirmed_at);
  }

  // The answer and a newer observation show different states. The one with the later `updatedAt` is kept, unconfirmed.
  void ResolveConflict(const std::string& id, Record& record, T answer, Revision since) {
    if (LaterThan(answer, *record.known.object)) return AcceptUnconfirmed(id, record, std::move(answer), since);
    MarkUnconfirmed(id, record, ObservationSource::kMutation);
  }

  void AcceptUnconfirmed(const std::string& id, Record& record, T object, Revision since) {
    Accept(id, record, std::move(object), ObservationSource::kMutation, since, kLongAgo);
    const auto kept = records_.find(id);
    if (kept != records_.end()) MarkUnconfirmed(id, kept->second, ObservationSource::kMutation);
  }

  // A rename takes effect at once and frees the old name. The last object that was seen with a name owns it.
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

  // Marks the record as recently used.
  void Touch(Record& record) { lru_.Touch(record.place, record.pins > 0 || record.pending_mutations > 0); }

  // Evicts the least recently used records. A record that was read through the index since the last pass is moved to
  // the front instead.
  void Evict() {
    const size_t most = 2 * lru_.size();
    for (size_t looked = 0; bytes_ > max_bytes_ && lru_.size() > 0 && looked < most; ++looked) {
      const auto last = records_.find(lru_.last());
      Record& record = last->second;
      if (record.published != nullptr && record.published->used.exchange(false)) {
        Touch(record);
        continue;
      }
      // Observations that were started before the eviction must not bring the record back.
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
  // Initial floor of new records. Raised when a mutation is about an object that is not cached, and by evictions.
  Revision floor_ = 0;
  size_t bytes_ = 0;
  absl::flat_hash_map<std::string, Record> records_;
  absl::flat_hash_map<std::string, std::string> names_;      // id of the object that owns the name
  absl::flat_hash_map<std::string, int> mutations_by_name_;  // pending mutations of objects that are known by name only
  LruList lru_;  // watched objects and those with pending mutations are pinned
  CacheIndex<T> index_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_OBJECT_CACHE_H_
