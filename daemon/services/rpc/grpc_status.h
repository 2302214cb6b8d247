#ifndef DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace daytonad {

// The status as gRPC sends it: the standard details (payloads of base/error.h) go into google.rpc.Status.details;
// payloads that are the daemon's own affair stay here. An error without an ErrorInfo gets one (reason INTERNAL): every
// error has a reason.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_
