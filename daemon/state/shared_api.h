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
  // How long a request may take that several callers share, and that none of them bounds.
  Clock::Duration read_limit = std::chrono::seconds(60);
  // How long a mutation may take at least, though its caller leaves. Upstream holds a create for up to 30 s.
  Clock::Duration mutation_limit = std::chrono::seconds(120);
};

// Makes calls independent of their callers: identical reads share one request, and a mutation runs to its answer
// although its caller has gone. Everything else passes through.
//
// Read-your-writes: a read that begins after a mutation was begun or answered never joins a read that began before it
// and may be about the same: a read of the object, by its id or its name, or a list of its kind. What is not known may
// be any object of its kind.
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

  // Returns when every mutation that was begun has its answer, or when the context ends.
  Task<absl::Status> WaitForMutations(CallContext context);

 private:
  // A call of one of inner_'s methods, to be made by a flight.
  template <typename Owner, typename T, typename... Params>
  typename Flight<T>::Work Bind(Task<T> (Owner::*method)(CallContext, Params...), std::type_identity_t<Params>... args);

  // Forgets the reads in flight that a mutation makes old. Called when it begins, and with the id of what it is about,
  // if the answer says that, when it was answered.
  using ForgetOld = std::function<void(const std::string& answered_id)>;
  ForgetOld OldSandboxReads(std::vector<std::string> keys);
  ForgetOld OldSnapshotReads(std::vector<std::string> keys);
  ForgetOld OldVolumeReads(std::vector<std::string> keys);

  // What the flight of a mutation does.
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
  int mutations_ = 0;  // that have no answer yet
  Event settled_;      // fires, and is replaced, when there are none
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SHARED_API_H_
