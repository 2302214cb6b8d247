#ifndef DAYTONAD_DAEMON_OPERATIONS_SNAPSHOT_SNAPSHOTS_H_
#define DAYTONAD_DAEMON_OPERATIONS_SNAPSHOT_SNAPSHOTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/operations/base/dependencies.h"
#include "daemon/operations/base/waiting.h"
#include "daemon/operations/base/watching.h"
#include "daemon/operations/build/log_follower.h"
#include "daemon/operations/create/create.h"
#include "daemon/operations/create/settle.h"
#include "daemon/operations/requests/idempotency_store.h"

// The operations on snapshots. Requests are already validated. Errors are those of the contract
// (snapshot_service.proto).
namespace daytonad {

class SnapshotOperations {
 public:
  explicit SnapshotOperations(const Dependencies& dependencies)
      : api_(dependencies.api), clock_(dependencies.clock), dependencies_(dependencies) {}

  struct CreateOptions {
    // As in the SDKs, there is no limit.
    TimeLimit timeout = Clock::Duration::zero();
    bool wait = true;
    int64_t log_offset = 0;
    // Receives states, log and warnings; may be null. Outlives the call.
    CreateObserver<v1::Snapshot>* observer = nullptr;
    // Gets the warnings if there is no observer; may be null. Outlives the call.
    google::protobuf::RepeatedPtrField<v1::Warning>* warnings = nullptr;
  };
  Task<absl::StatusOr<v1::Snapshot>> Create(CallContext context, v1::SnapshotSpec spec, CreateOptions options);

  // Reads the cache, with this maximum age; on any thread.
  std::optional<CachedObject<v1::Snapshot>> FindCached(const std::string& id_or_name,
                                                       std::optional<Clock::Duration> max_age) const {
    return dependencies_.cached.FindSnapshot(id_or_name, max_age);
  }
  Task<absl::StatusOr<v1::Snapshot>> Get(CallContext context, std::string id_or_name);
  // Streams the current state and each change, until the object is deleted.
  Task<absl::Status> StreamUpdates(CallContext context, std::string id_or_name, UpdateSink<v1::Snapshot>& sink);
  // Upstream takes a snapshot's source sandbox by id only: replaces a name by the id.
  Task<absl::Status> ResolveSource(CallContext context, SnapshotListQuery& query);
  Task<absl::StatusOr<SnapshotPage>> List(CallContext context, SnapshotListQuery query, int page);
  Task<absl::StatusOr<v1::Snapshot>> Activate(CallContext context, std::string id_or_name);
  // Returns the snapshot after the mutation.
  Task<absl::StatusOr<v1::Snapshot>> Deactivate(CallContext context, std::string id_or_name);
  // Returns the id of the deleted snapshot.
  Task<absl::StatusOr<std::string>> Delete(CallContext context, std::string id_or_name, TimeLimit timeout, bool wait);

 private:
  using Result = absl::StatusOr<v1::Snapshot>;

  Task<Result> CreateNow(CallContext context, std::shared_ptr<const v1::SnapshotSpec> spec);
  Task<absl::StatusOr<Made<v1::Snapshot>>> PostCreate(CallContext context, std::shared_ptr<const v1::SnapshotSpec> spec,
                                                      std::optional<ImageBuild> build);
  Task<absl::StatusOr<std::optional<v1::Snapshot>>> FindByName(CallContext context, std::string name);
  Task<absl::Status> WaitUntilActive(WaitContext limits, v1::Snapshot& snapshot, CreateOptions options);

  // A mutation of the snapshot with this id.
  struct MutationById {
    // Returns the snapshot as in upstream's answer, with at least its id.
    std::function<Task<Result>(CallContext, std::string id)> send;
    // The target state. A snapshot that is REMOVING will be deleted soon.
    v1::SnapshotState goal;
  };
  // Upstream mutates snapshots by id only. A key that looks like an id is tried as one, and then looked up as a name.
  // Runs once per request id.
  Task<absl::Status> MutateOnce(CallContext context, std::string id_or_name, MutationById mutation,
                                MutationResult<v1::Snapshot>& changed);
  Task<Result> MutateByIdOrName(CallContext context, std::string id_or_name,
                                std::shared_ptr<const MutationById> mutation);
  Task<Result> SendMutation(CallContext context, std::string id_or_name, std::shared_ptr<const MutationById> mutation);
  // A call before a restart may have carried out the mutation that is rejected now.
  Task<Result> SettleMutation(CallContext context, std::string id_or_name, v1::SnapshotState goal,
                              absl::Status refused);
  Task<Result> DeactivateById(CallContext context, std::string id);
  Task<Result> DeleteById(CallContext context, std::string id);

  Api& api_;
  Clock& clock_;
  const Dependencies dependencies_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SNAPSHOT_SNAPSHOTS_H_
