#ifndef DAYTONAD_DAEMON_SERVICES_SNAPSHOT_HANDLERS_H_
#define DAYTONAD_DAEMON_SERVICES_SNAPSHOT_HANDLERS_H_

#include "absl/status/statusor.h"
#include "daemon/operations/build_context/streamed_uploads.h"
#include "daemon/operations/build_logs.h"
#include "daemon/operations/sandboxes.h"
#include "daemon/operations/snapshots.h"
#include "daemon/services/rpc/stream_reader.h"
#include "daemon/services/rpc/stream_writer.h"
#include "daytonad/v1/snapshot_service.pb.h"

namespace daytonad {

// The RPCs of SnapshotService: parse and check, call one operation, answer. What they promise is in
// snapshot_service.proto.
class SnapshotHandlers {
 public:
  SnapshotHandlers(SnapshotOperations& snapshots, BuildLogOperations& build_logs, StreamedUploads& uploads)
      : snapshots_(snapshots), build_logs_(build_logs), uploads_(uploads) {}

  Task<absl::StatusOr<v1::CreateSnapshotResponse>> CreateSnapshot(CallContext context,
                                                                  v1::CreateSnapshotRequest request);
  Task<absl::Status> CreateSnapshotStream(CallContext context, v1::CreateSnapshotStreamRequest request,
                                          StreamWriter<v1::CreateSnapshotStreamResponse>* writer);
  // Of GetSnapshot, on any thread: the answer, if it is in memory.
  std::optional<CachedObject<v1::Snapshot>> FindCached(const Caller& caller,
                                                       const v1::GetSnapshotRequest& request) const;
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
  Task<absl::Status> StreamBuildLogs(CallContext context, v1::StreamBuildLogsRequest request,
                                     StreamWriter<v1::StreamBuildLogsResponse>* writer);
  // upload_build_context.cc
  Task<absl::StatusOr<v1::UploadBuildContextResponse>> UploadBuildContext(
      CallContext context, StreamReader<v1::UploadBuildContextRequest>* reader);

 private:
  SnapshotOperations& snapshots_;
  BuildLogOperations& build_logs_;
  StreamedUploads& uploads_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_SNAPSHOT_HANDLERS_H_
