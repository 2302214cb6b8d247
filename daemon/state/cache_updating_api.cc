#include "daemon/state/cache_updating_api.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "daemon/base/absent.h"

namespace daytonad {
namespace {

// Does the item still match the filter's states?
bool Matches(const v1::Sandbox& item, const v1::SandboxFilter& filter) {
  if (filter.states().empty() && filter.state_texts().empty()) return true;
  return std::ranges::find(filter.states(), item.state()) != filter.states().end() ||
         std::ranges::find(filter.state_texts(), item.state_text()) != filter.state_texts().end();
}

}  // namespace

template <typename Owner, typename T>
Task<absl::StatusOr<T>> CacheUpdatingApi::Read(ObjectCache<T>& cache,
                                               Task<absl::StatusOr<T>> (Owner::*method)(CallContext, std::string),
                                               CallContext context, std::string id_or_name) {
  // Give up at last: an object that changes all the time never settles.
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    const Revision since = cache.NextRevision();
    const Clock::TimePoint at = clock_.Now();
    Owner& owner = inner_;
    absl::StatusOr<T> seen = co_await (owner.*method)(context, id_or_name);
    if (IsAbsent(seen.status())) cache.ObserveNotFound(id_or_name, since, seen.status());
    if (!seen.ok()) co_return seen;
    cache.Observe(*seen, ObservationSource::kRead, since, at);
    // For sandboxes and snapshots, upstream tries the id first. If the answer matches by name only, an object with this
    // id no longer exists.
    const bool only_name = seen->id() != id_or_name && seen->name() == id_or_name;
    if (only_name && !std::is_same_v<T, v1::Volume>) cache.ObserveNotFound(id_or_name, since);
    if (attempt == kAttempts || !cache.IsOutdated(*seen, since)) co_return seen;
    if (const auto newer = cache.index().Find(id_or_name)) co_return *newer->object;
  }
}

template <typename T>
Task<absl::StatusOr<T>> CacheUpdatingApi::Mutate(ObjectCache<T>& cache, typename ObjectCache<T>::Mutation mutation,
                                                 Task<absl::StatusOr<T>> send) {
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<T> answer = co_await std::move(send);
  cache.EndMutation(mutation, answer.ok() ? &*answer : nullptr, at);
  co_return answer;
}

template <typename T>
Task<absl::Status> CacheUpdatingApi::MutateBlindly(ObjectCache<T>& cache, typename ObjectCache<T>::Mutation mutation,
                                                   Task<absl::Status> send) {
  absl::Status answer = co_await std::move(send);
  cache.EndMutation(mutation, nullptr, clock_.Now());
  co_return answer;
}

template <typename T>
Task<absl::Status> CacheUpdatingApi::Delete(ObjectCache<T>& cache, std::string id, Task<absl::Status> send) {
  typename ObjectCache<T>::Mutation mutation = cache.BeginMutation(id);
  absl::Status answer = co_await MutateBlindly(cache, std::move(mutation), std::move(send));
  if (answer.ok()) cache.ObserveDeleting(id, clock_.Now());
  co_return answer;
}

template <typename T, typename Wanted>
void CacheUpdatingApi::ObserveList(ObjectCache<T>& cache, std::vector<T>& items, Revision since, Clock::TimePoint at,
                                   Wanted wanted) {
  for (const T& item : items) cache.Observe(item, ObservationSource::kListItem, since, at);
  const Clock::TimePoint now = clock_.Now();
  std::erase_if(items, [&](T& item) {
    const bool exists = cache.Correct(item, since, now);
    return !wanted(item, exists);
  });
}

// --- Sandboxes ---

Task<absl::StatusOr<v1::Sandbox>> CacheUpdatingApi::CreateSandbox(CallContext context, NewSandbox sandbox) {
  return Mutate(caches_.sandboxes, caches_.sandboxes.BeginCreate(),
                inner_.CreateSandbox(std::move(context), std::move(sandbox)));
}

Task<absl::StatusOr<v1::Sandbox>> CacheUpdatingApi::GetSandbox(CallContext context, std::string id_or_name) {
  return Read(caches_.sandboxes, &SandboxApi::GetSandbox, std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<SandboxPage>> CacheUpdatingApi::ListSandboxes(CallContext context, SandboxListQuery query,
                                                                  std::string cursor) {
  const Revision since = caches_.sandboxes.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<SandboxPage> page = co_await inner_.ListSandboxes(std::move(context), query, std::move(cursor));
  if (page.ok()) {
    ObserveList(caches_.sandboxes, page->items, since, at,
                [&](const v1::Sandbox& item, bool exists) { return exists && Matches(item, query.filter); });
  }
  co_return page;
}

Task<absl::StatusOr<NumberedSandboxPage>> CacheUpdatingApi::ListSandboxesByPage(CallContext context,
                                                                                SandboxListQuery query,
                                                                                int page_number) {
  const Revision since = caches_.sandboxes.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<NumberedSandboxPage> page =
      co_await inner_.ListSandboxesByPage(std::move(context), query, page_number);
  if (page.ok()) {
    ObserveList(caches_.sandboxes, page->items, since, at,
                [&](const v1::Sandbox& item, bool exists) { return exists && Matches(item, query.filter); });
  }
  co_return page;
}

Task<absl::StatusOr<v1::Sandbox>> CacheUpdatingApi::StartSandbox(CallContext context, std::string id_or_name) {
  return Mutate(caches_.sandboxes, caches_.sandboxes.BeginMutation(id_or_name),
                inner_.StartSandbox(std::move(context), id_or_name));
}

Task<absl::StatusOr<v1::Sandbox>> CacheUpdatingApi::StopSandbox(CallContext context, std::string id_or_name,
                                                                bool force) {
  return Mutate(caches_.sandboxes, caches_.sandboxes.BeginMutation(id_or_name),
                inner_.StopSandbox(std::move(context), id_or_name, force));
}

Task<absl::StatusOr<v1::Sandbox>> CacheUpdatingApi::DeleteSandbox(CallContext context, std::string id_or_name) {
  return Mutate(caches_.sandboxes, caches_.sandboxes.BeginMutation(id_or_name),
                inner_.DeleteSandbox(std::move(context), id_or_name));
}

// --- Snapshots ---

Task<absl::StatusOr<v1::Snapshot>> CacheUpdatingApi::CreateSnapshot(CallContext context, NewSnapshot snapshot) {
  return Mutate(caches_.snapshots, caches_.snapshots.BeginCreate(),
                inner_.CreateSnapshot(std::move(context), std::move(snapshot)));
}

Task<absl::StatusOr<v1::Snapshot>> CacheUpdatingApi::GetSnapshot(CallContext context, std::string id_or_name) {
  return Read(caches_.snapshots, &SnapshotApi::GetSnapshot, std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<SnapshotPage>> CacheUpdatingApi::ListSnapshots(CallContext context, SnapshotListQuery query,
                                                                   int page_number) {
  const Revision since = caches_.snapshots.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<SnapshotPage> page = co_await inner_.ListSnapshots(std::move(context), std::move(query), page_number);
  if (page.ok()) {
    ObserveList(caches_.snapshots, page->items, since, at, [](const v1::Snapshot&, bool exists) { return exists; });
  }
  co_return page;
}

Task<absl::StatusOr<v1::Snapshot>> CacheUpdatingApi::ActivateSnapshot(CallContext context, std::string id) {
  return Mutate(caches_.snapshots, caches_.snapshots.BeginMutation(id),
                inner_.ActivateSnapshot(std::move(context), id));
}

Task<absl::Status> CacheUpdatingApi::DeactivateSnapshot(CallContext context, std::string id) {
  return MutateBlindly(caches_.snapshots, caches_.snapshots.BeginMutation(id),
                       inner_.DeactivateSnapshot(std::move(context), id));
}

Task<absl::Status> CacheUpdatingApi::DeleteSnapshot(CallContext context, std::string id) {
  return Delete(caches_.snapshots, id, inner_.DeleteSnapshot(std::move(context), id));
}

// --- Volumes ---

Task<absl::StatusOr<v1::Volume>> CacheUpdatingApi::CreateVolume(CallContext context, std::string name) {
  return Mutate(caches_.volumes, caches_.volumes.BeginCreate(),
                inner_.CreateVolume(std::move(context), std::move(name)));
}

Task<absl::StatusOr<v1::Volume>> CacheUpdatingApi::GetVolumeById(CallContext context, std::string id) {
  return Read(caches_.volumes, &VolumeApi::GetVolumeById, std::move(context), std::move(id));
}

Task<absl::StatusOr<v1::Volume>> CacheUpdatingApi::GetVolumeByName(CallContext context, std::string name) {
  return Read(caches_.volumes, &VolumeApi::GetVolumeByName, std::move(context), std::move(name));
}

Task<absl::StatusOr<std::vector<v1::Volume>>> CacheUpdatingApi::ListVolumes(CallContext context, bool include_deleted) {
  const Revision since = caches_.volumes.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<std::vector<v1::Volume>> volumes = co_await inner_.ListVolumes(std::move(context), include_deleted);
  if (volumes.ok()) {
    ObserveList(caches_.volumes, *volumes, since, at, [include_deleted](const v1::Volume& item, bool exists) {
      return exists || (include_deleted && IsGone(item));
    });
  }
  co_return volumes;
}

Task<absl::Status> CacheUpdatingApi::DeleteVolume(CallContext context, std::string id) {
  return Delete(caches_.volumes, id, inner_.DeleteVolume(std::move(context), id));
}

}  // namespace daytonad
