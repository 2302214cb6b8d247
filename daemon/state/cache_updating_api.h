#ifndef DAYTONAD_DAEMON_STATE_CACHE_UPDATING_API_H_
#define DAYTONAD_DAEMON_STATE_CACHE_UPDATING_API_H_

#include <string>
#include <vector>

#include "daemon/api/forwarding_api.h"
#include "daemon/base/clock.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

// Feeds every answer of upstream into the caches, and tells them of every mutation. All requests pass through it.
class CacheUpdatingApi final : public ForwardingApi {
 public:
  // The referred objects outlive this one.
  CacheUpdatingApi(Api& inner, ObjectCaches& caches, Clock& clock)
      : ForwardingApi(inner), caches_(caches), clock_(clock) {}

  Task<absl::StatusOr<v1::Sandbox>> CreateSandbox(CallContext context, NewSandbox sandbox) override;
  Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<SandboxPage>> ListSandboxes(CallContext context, SandboxListQuery query,
                                                  std::string cursor) override;
  Task<absl::StatusOr<NumberedSandboxPage>> ListSandboxesByPage(CallContext context, SandboxListQuery query,
                                                                int page) override;
  Task<absl::StatusOr<v1::Sandbox>> StartSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Sandbox>> StopSandbox(CallContext context, std::string id_or_name, bool force) override;
  Task<absl::StatusOr<v1::Sandbox>> DeleteSandbox(CallContext context, std::string id_or_name) override;

  Task<absl::StatusOr<v1::Snapshot>> CreateSnapshot(CallContext context, NewSnapshot snapshot) override;
  Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<SnapshotPage>> ListSnapshots(CallContext context, SnapshotListQuery query, int page) override;
  Task<absl::StatusOr<v1::Snapshot>> ActivateSnapshot(CallContext context, std::string id) override;
  Task<absl::Status> DeactivateSnapshot(CallContext context, std::string id) override;
  Task<absl::Status> DeleteSnapshot(CallContext context, std::string id) override;

  Task<absl::StatusOr<v1::Volume>> CreateVolume(CallContext context, std::string name) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeById(CallContext context, std::string id) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext context, std::string name) override;
  Task<absl::StatusOr<std::vector<v1::Volume>>> ListVolumes(CallContext context, bool include_deleted) override;
  Task<absl::Status> DeleteVolume(CallContext context, std::string id) override;

 private:
  // If the answer is older than the cached state, returns the cached object, or asks upstream again.
  template <typename Owner, typename T>
  Task<absl::StatusOr<T>> Read(ObjectCache<T>& cache,
                               Task<absl::StatusOr<T>> (Owner::*method)(CallContext, std::string), CallContext context,
                               std::string id_or_name);
  template <typename T>
  Task<absl::StatusOr<T>> Mutate(ObjectCache<T>& cache, typename ObjectCache<T>::Mutation mutation,
                                 Task<absl::StatusOr<T>> send);
  // A mutation whose answer does not contain the object.
  template <typename T>
  Task<absl::Status> MutateBlindly(ObjectCache<T>& cache, typename ObjectCache<T>::Mutation mutation,
                                   Task<absl::Status> send);
  // A deletion whose answer does not contain the object.
  template <typename T>
  Task<absl::Status> Delete(ObjectCache<T>& cache, std::string id, Task<absl::Status> send);
  // Feeds the items of a list into the cache, updates them with newer cached state, and drops those that are not
  // `wanted` then. Lists lag by seconds: one that is read after a mutation may still show the state before it.
  template <typename T, typename Wanted>
  void ObserveList(ObjectCache<T>& cache, std::vector<T>& items, Revision since, Clock::TimePoint at, Wanted wanted);

  ObjectCaches& caches_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_CACHE_UPDATING_API_H_
