#ifndef DAYTONAD_DAEMON_STATE_SHARED_STATE_H_
#define DAYTONAD_DAEMON_STATE_SHARED_STATE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/api/api.h"
#include "daemon/api/cached_reads.h"
#include "daemon/api/events.h"
#include "daemon/api/watch.h"
#include "daemon/state/object_caches.h"
#include "daemon/state/shared_api.h"
#include "daemon/state/watch_hub.h"

namespace daytonad {

struct SharedStateOptions {
  SharedApiOptions calls;
  Lifetimes lifetimes;
  // The approximate memory limit of the caches; 0: cache watched objects only.
  size_t max_bytes = size_t{64} << 20;
  PollerOptions polling;
};

// What all callers of one credential share: caches, requests in flight, watches.
//
// It decorates an upstream api. From the top: CachedApi answers reads from the cache, ResolvingApi replaces known names
// by ids, SharedApi coalesces identical requests, CacheUpdatingApi feeds each answer into the caches. Events update the
// same caches, and watchers read them. No operation bypasses any of these.
class SharedState final : public WatchApi, public CachedReads, public EventSink, public EventStatus {
 public:
  // The referred objects outlive this one. Loop thread only, but for CachedReads.
  SharedState(Api& upstream, Executor executor, Clock& clock, SharedStateOptions options);

  Api& api() { return *cached_; }
  // See SharedApi.
  Task<absl::Status> WaitForMutations(CallContext context) { return shared_->WaitForMutations(std::move(context)); }

  // WatchApi
  std::unique_ptr<Watch<v1::Sandbox>> WatchSandbox(std::string id_or_name) override;
  std::unique_ptr<Watch<v1::Snapshot>> WatchSnapshot(std::string id_or_name) override;
  std::unique_ptr<Watch<v1::Volume>> WatchVolume(std::string id) override;

  // CachedReads
  std::optional<CachedObject<v1::Sandbox>> FindSandbox(std::string_view id_or_name,
                                                       std::optional<Clock::Duration> max_age) const override;
  std::optional<CachedObject<v1::Snapshot>> FindSnapshot(std::string_view id_or_name,
                                                         std::optional<Clock::Duration> max_age) const override;
  std::optional<CachedObject<v1::Volume>> FindVolume(std::string_view id_or_name,
                                                     std::optional<Clock::Duration> max_age) const override;

  // EventSink
  void OnSandbox(v1::Sandbox sandbox) override;
  void OnSnapshot(v1::Snapshot snapshot) override;
  void OnVolume(v1::Volume volume) override;
  void OnSnapshotRemoved(std::string id, std::string name) override;
  void OnEventsUp() override;
  void OnEventsDown() override;

  // EventStatus
  bool events_up() const override { return caches_.freshness.events_up(); }

  const ObjectCaches& caches() const { return caches_; }

 private:
  template <typename T>
  std::optional<CachedObject<T>> Find(const CacheIndex<T>& index, std::string_view id_or_name,
                                      std::optional<Clock::Duration> max_age) const;
  void NotifyHubs();

  Clock& clock_;
  ObjectCaches caches_;
  const std::unique_ptr<Api> updating_;
  const std::unique_ptr<SharedApi> shared_;
  const std::unique_ptr<Api> resolving_;
  const std::unique_ptr<Api> cached_;
  WatchHub<v1::Sandbox> sandboxes_;
  WatchHub<v1::Snapshot> snapshots_;
  WatchHub<v1::Volume> volumes_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SHARED_STATE_H_
