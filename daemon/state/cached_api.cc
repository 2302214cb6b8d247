#include "daemon/state/cached_api.h"

#include <utility>

namespace daytonad {

template <typename T>
Task<absl::StatusOr<T>> CachedApi::Read(Entry<T> (CacheIndex<T>::*find)(std::string_view) const,
                                        const CacheIndex<T>& index, CallContext context, std::string key,
                                        Task<absl::StatusOr<T>> ask) {
  const std::optional<ReadTerms> terms = context.read_terms();
  if (terms.has_value() && terms->max_age != Clock::Duration::zero()) {
    CallFacts& facts = context.facts();
    const Entry<T> entry = (index.*find)(key);
    const Clock::TimePoint now = clock_.Now();
    if (entry != nullptr && caches_.freshness.IsFresh(entry->confirmed_at, now, terms->max_age)) {
      entry->used = true;
      facts.read_source = ReadSource::kHit;
      facts.age = now - entry->confirmed_at;
      co_return *entry->object;
    }
    facts.read_source = ReadSource::kMiss;
  }
  co_return co_await std::move(ask);
}

Task<absl::StatusOr<v1::Sandbox>> CachedApi::GetSandbox(CallContext context, std::string id_or_name) {
  Task<absl::StatusOr<v1::Sandbox>> ask = inner_.GetSandbox(context, id_or_name);
  return Read(&CacheIndex<v1::Sandbox>::Find, caches_.sandboxes.index(), std::move(context), std::move(id_or_name),
              std::move(ask));
}

Task<absl::StatusOr<v1::Snapshot>> CachedApi::GetSnapshot(CallContext context, std::string id_or_name) {
  Task<absl::StatusOr<v1::Snapshot>> ask = inner_.GetSnapshot(context, id_or_name);
  return Read(&CacheIndex<v1::Snapshot>::Find, caches_.snapshots.index(), std::move(context), std::move(id_or_name),
              std::move(ask));
}

Task<absl::StatusOr<v1::Volume>> CachedApi::GetVolumeById(CallContext context, std::string id) {
  Task<absl::StatusOr<v1::Volume>> ask = inner_.GetVolumeById(context, id);
  return Read(&CacheIndex<v1::Volume>::FindId, caches_.volumes.index(), std::move(context), std::move(id),
              std::move(ask));
}

Task<absl::StatusOr<v1::Volume>> CachedApi::GetVolumeByName(CallContext context, std::string name) {
  Task<absl::StatusOr<v1::Volume>> ask = inner_.GetVolumeByName(context, name);
  return Read(&CacheIndex<v1::Volume>::FindName, caches_.volumes.index(), std::move(context), std::move(name),
              std::move(ask));
}

}  // namespace daytonad
