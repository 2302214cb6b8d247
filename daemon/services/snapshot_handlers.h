#ifndef DAYTONAD_DAEMON_SERVICES_SNAPSHOT_HANDLERS_H_
#define DAYTONAD_DAEMON_SERVICES_SNAPSHOT_HANDLERS_H_

#include "absl/status/statusor.h"
#include "daemon/operations/sandbox/sandboxes.h"
#include "daemon/operations/snapshot/snapshots.h"
#include "daemon/services/rpc/stream_writer.h"
#include "daytonad/v1/snapshot_service.pb.h"

namespace daytonad {

// The RPCs of SnapshotService: parse, validate, call one operation, answer. snapshot_service.proto specifies them.
class SnapshotHandlers {
 public:
  explicit SnapshotHandlers(SnapshotOperations& snapshots) : snapshots_(snapshots) {}

  Task<absl::StatusOr<v1::CreateSnapshotResponse>> CreateSnapshot(CallContext context,
                                                                  v1::CreateSnapshotRequest request);
  Task<absl::Status> CreateSnapshotStream(CallContext context, v1::CreateSnapshotStreamRequest request,
                                          StreamWriter<v1::CreateSnapshotStreamResponse>* writer);
  // GetSnapshot's answer from the cache, on any thread.
  std::optional<CachedObject<v1::Snapshot>> FindCached(const v1::GetSnapshotRequest& request) const;
  Task<absl::StatusOr<v1::GetSnapshotResponse>> GetSnapshot(CallContext context, v1::GetSnapshotRequest request);
  Task<absl::StatusOr<v1::ListSnapshotsResponse>> ListSnapshots(CallContext context, v1::ListSnapshotsRequest request);
  Task<absl::Status> StreamSnapshots(CallContext context, v1::StreamSnapshotsRequest request,
                                     StreamWriter<v1::StreamSnapshotsResponse>* writer);
  Task<absl::StatusOr<v1::ActivateSnapshotResponse>> ActivateSnapshot(CallContext context,
                                                                      v1::ActivateSnapshotRequest request);
  Task<absl::StatusOr<v1::DeactivateSnapshotResponse>> DeactivateSnapshot(CallContext context,
                                                                          v1::DeactivateSnapshotRequest request);
  Task<absl::StatusOr<v1::DeleteSnapshotResponse>> DeleteSnapshot(CallContext context,
                                                                  v1::DeleteSnapshotRequest request);
  Task<absl::Status> WatchSnapshot(CallContext context, v1::WatchSnapshotRequest request,
                                   StreamWriter<v1::WatchSnapshotResponse>* writer);

 private:
  SnapshotOperations& snapshots_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_SNAPSHOT_HANDLERS_H_
