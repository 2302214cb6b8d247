#ifndef DAYTONAD_DAEMON_SERVICES_BUILD_HANDLERS_H_
#define DAYTONAD_DAEMON_SERVICES_BUILD_HANDLERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/operations/build/build_logs.h"
#include "daemon/operations/build_context/streamed_uploads.h"
#include "daemon/services/rpc/stream_reader.h"
#include "daemon/services/rpc/stream_writer.h"
#include "daytonad/v1/build_service.pb.h"

namespace daytonad {

// The RPCs of BuildService: parse and check, call one operation, answer. What they promise is in build_service.proto.
class BuildHandlers {
 public:
  BuildHandlers(BuildLogOperations& build_logs, StreamedUploads& uploads)
      : build_logs_(build_logs), uploads_(uploads) {}

  Task<absl::Status> StreamBuildLogs(CallContext context, v1::StreamBuildLogsRequest request,
                                     StreamWriter<v1::StreamBuildLogsResponse>* writer);
  // upload_build_context.cc
  Task<absl::StatusOr<v1::UploadBuildContextResponse>> UploadBuildContext(
      CallContext context, StreamReader<v1::UploadBuildContextRequest>* reader);

 private:
  BuildLogOperations& build_logs_;
  StreamedUploads& uploads_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_BUILD_HANDLERS_H_
