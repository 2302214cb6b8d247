#include "daemon/state/shared_state.h"

#include <utility>

#include "daemon/state/cache_updating_api.h"
#include "daemon/state/cached_api.h"
#include "daemon/state/poll_sources.h"
#include "daemon/state/resolving_api.h"

namespace daytonad {

SharedState::SharedState(Api& upstream, Executor executor, Clock& clock, SharedStateOptions options)
    : clock_(clock),
      caches_(options.lifetimes, options.max_bytes),
      updating_(MakeCacheUpdatingApi(upstream, caches_, clock)),
      shared_(SharedApi::Make(*updating_, caches_, executor, clock, options.calls)),
      resolving_(MakeResolvingApi(*shared_, caches_, clock)),
      cached_(MakeCachedApi(*resolving_, caches_, clock)),
      sandboxes_(executor, clock, caches_.sandboxes, caches_.freshness, SandboxPollSource(*resolving_),
                 options.polling),
      snapshots_(executor, clock, caches_.snapshots, caches_.freshness, SnapshotPollSource(*resolving_),
                 options.polling),
      volumes_(executor, clock, caches_.volumes, caches_.freshness, VolumePollSource(*resolving_), options.polling) {}

// --- Watching ---

std::unique_ptr<Watch<v1::Sandbox>> SharedState::WatchSandbox(std::string id_or_name) {
  return sandboxes_.Open(std::move(id_or_name));
}

std::unique_ptr<Watch<v1::Snapshot>> SharedState::WatchSnapshot(std::string id_or_name) {
  return snapshots_.Open(std::move(id_or_name));
}

std::unique_ptr<Watch<v1::Volume>> SharedState::WatchVolume(std::string id) { return volumes_.Open(std::move(id)); }

// --- Reading from memory ---

template <typename T>
std::optional<CachedObject<T>> SharedState::Find(const CacheIndex<T>& index, std::string_view id_or_name,
                                                 std::optional<Clock::Duration> max_age) const {
  const auto entry = index.Find(id_or_name);
  if (entry == nullptr) return std::nullopt;
  const Clock::TimePoint now = clock_.Now();
  if (!caches_.freshness.IsFresh(entry->confirmed_at, now, max_age)) return std::nullopt;
  entry->used.store(true, std::memory_order_relaxed);
  return CachedObject<T>{entry->object, now - entry->confirmed_at};
}

std::optional<CachedObject<v1::Sandbox>> SharedState::FindSandbox(std::string_view id_or_name,
                                                                  std::optional<Clock::Duration> max_age) const {
  return Find(caches_.sandboxes.index(), id_or_name, max_age);
}

std::optional<CachedObject<v1::Snapshot>> SharedState::FindSnapshot(std::string_view id_or_name,
                                                                    std::optional<Clock::Duration> max_age) const {
  return Find(caches_.snapshots.index(), id_or_name, max_age);
}

std::optional<CachedObject<v1::Volume>> SharedState::FindVolume(std::string_view id_or_name,
                                                                std::optional<Clock::Duration> max_age) const {
  return Find(caches_.volumes.index(), id_or_name, max_age);
}

// --- Events ---

void SharedState::OnSandbox(v1::Sandbox sandbox) {
  caches_.sandboxes.Observe(std::move(sandbox), ObservationSource::kEvent, caches_.sandboxes.NextRevision(),
                            clock_.Now());
}

void SharedState::OnSnapshot(v1::Snapshot snapshot) {
  caches_.snapshots.Observe(std::move(snapshot), ObservationSource::kEvent, caches_.snapshots.NextRevision(),
                            clock_.Now());
}

void SharedState::OnVolume(v1::Volume volume) {
  caches_.volumes.Observe(std::move(volume), ObservationSource::kEvent, caches_.volumes.NextRevision(), clock_.Now());
}

void SharedState::OnSnapshotRemoved(std::string id, std::string name) { caches_.snapshots.ObserveRemoved(id, name); }

void SharedState::OnEventsUp() {
  caches_.freshness.EventsUp(clock_.Now());
  NotifyHubs();
}

void SharedState::OnEventsDown() {
  caches_.freshness.EventsDown();
  NotifyHubs();
}

void SharedState::NotifyHubs() {
  sandboxes_.OnEventsChanged();
  snapshots_.OnEventsChanged();
  volumes_.OnEventsChanged();
}

}  // namespace daytonad
