#ifndef DAYTONAD_DAEMON_OPERATIONS_SNAPSHOTS_H_
#define DAYTONAD_DAEMON_OPERATIONS_SNAPSHOTS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/operations/create.h"
#include "daemon/operations/log_follower.h"
#include "daemon/operations/polling.h"

// What can be done with snapshots. Requests are already validated. Errors are those of the contract
// (snapshot_service.proto).
namespace daytonad {

class SnapshotOperations {
 public:
  SnapshotOperations(Api& api, LogFollower& follower, Clock& clock, Executor executor)
      : api_(api), follower_(follower), clock_(clock), executor_(executor) {}

  struct CreateOptions {
    // As in the SDKs, a snapshot may take as long as it takes.
    Clock::Duration timeout = Clock::Duration::zero();
    bool wait = true;
    int64_t log_offset = 0;
    // Wants states, log and warnings; may be null. Outlives the call.
    CreateObserver<v1::Snapshot>* observer = nullptr;
  };
  Task<absl::StatusOr<v1::Snapshot>> Create(CallContext context, v1::SnapshotSpec spec, CreateOptions options);

  Task<absl::StatusOr<v1::Snapshot>> Get(CallContext context, std::string id_or_name);
  Task<absl::StatusOr<SnapshotPage>> List(CallContext context, SnapshotListQuery query, int page);
  Task<absl::StatusOr<v1::Snapshot>> Activate(CallContext context, std::string id_or_name);
  // Returns the snapshot as it is afterwards.
  Task<absl::StatusOr<v1::Snapshot>> Deactivate(CallContext context, std::string id_or_name);
  // Returns the id of what was deleted.
  Task<absl::StatusOr<std::string>> Delete(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                           bool wait);

 private:
  // Upstream changes snapshots by id only. What looks like an id is tried as one, and is looked up as a name if there
  // is none.
  using ChangeById = std::function<Task<absl::Status>(CallContext, std::string id)>;
  Task<absl::StatusOr<std::string>> ChangeByIdOrName(CallContext context, std::string id_or_name, ChangeById change);

  Api& api_;
  LogFollower& follower_;
  Clock& clock_;
  Executor executor_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SNAPSHOTS_H_
