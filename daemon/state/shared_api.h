#ifndef DAYTONAD_DAEMON_STATE_SHARED_API_H_
#define DAYTONAD_DAEMON_STATE_SHARED_API_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "daemon/api/forwarding_api.h"
#include "daemon/state/object_caches.h"
#include "daemon/state/single_flight.h"

namespace daytonad {

struct SharedApiOptions {
  // The deadline of a shared request, independent of its callers.
  Clock::Duration read_limit = std::chrono::seconds(60);
  // The least time that a mutation gets, even if its caller leaves. Upstream may answer a create only after 30 s.
  Clock::Duration mutation_limit = std::chrono::seconds(120);
};

// Detaches requests from their callers: identical reads share one request, and a mutation runs until it is answered,
// even if its caller leaves. Everything else passes through.
//
// Read-your-writes: when a mutation is sent, and again when it is answered, the reads in flight that it affects are no
// longer joined. These are reads of the object by id or name, and lists of its kind; if the object is not cached, all
// reads of its kind.
class SharedApi final : public ForwardingApi {
 public:
  // The referred objects outlive this one.
  SharedApi(Api& inner, ObjectCaches& caches, Executor executor, Clock& clock, SharedApiOptions options);

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

  // Returns when every mutation in flight is answered, or when the context ends.
  Task<absl::Status> WaitForMutations(CallContext context);

 private:
  // A call of one of inner_'s methods, for a flight.
  template <typename Owner, typename T, typename... Params>
  typename Flight<T>::Work Bind(Task<T> (Owner::*method)(CallContext, Params...), std::type_identity_t<Params>... args);

  // Stops the sharing of reads in flight that a mutation makes outdated. Called when the mutation is sent, and again
  // when it is answered, then with the object's id if the answer has it.
  using ForgetOld = std::function<void(const std::string& answered_id)>;
  ForgetOld OldSandboxReads(std::vector<std::string> keys);
  ForgetOld OldSnapshotReads(std::vector<std::string> keys);
  ForgetOld OldVolumeReads(std::vector<std::string> keys);

  // The work of a mutation's flight.
  template <typename T>
  Task<T> RunMutation(CallContext context, ForgetOld forget, typename Flight<T>::Work work);

  template <typename Owner, typename T, typename... Params>
  Task<T> Mutate(ForgetOld forget, Task<T> (Owner::*method)(CallContext, Params...), CallContext context,
                 std::type_identity_t<Params>... args);

  ObjectCaches& caches_;
  Executor executor_;
  Clock& clock_;
  SharedApiOptions options_;
  SingleFlight<absl::StatusOr<v1::Sandbox>> sandbox_reads_;
  SingleFlight<absl::StatusOr<v1::Snapshot>> snapshot_reads_;
  SingleFlight<absl::StatusOr<v1::Volume>> volume_reads_;
  SingleFlight<absl::StatusOr<SandboxPage>> sandbox_lists_;
  SingleFlight<absl::StatusOr<NumberedSandboxPage>> numbered_sandbox_lists_;
  SingleFlight<absl::StatusOr<SnapshotPage>> snapshot_lists_;
  SingleFlight<absl::StatusOr<std::vector<v1::Volume>>> volume_lists_;
  int mutations_ = 0;  // in flight
  Event settled_;      // fires, and is replaced, when none is in flight
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SHARED_API_H_
