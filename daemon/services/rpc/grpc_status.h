#ifndef DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <cstddef>

#include "absl/status/status.h"

namespace daytonad {

// The size limit of a call's trailing headers. Clients with gRPC's C core accept 8 KiB by default, proxies sometimes
// less; with larger ones they only report RESOURCE_EXHAUSTED.
inline constexpr size_t kMaxStatusBytes = 6 * 1024;

// Converts a status for gRPC: the standard details (payloads of base/error.h) go into google.rpc.Status.details;
// internal payloads are dropped. An error without an ErrorInfo gets one (reason INTERNAL): every error has a reason.
//
// The result has at most kMaxStatusBytes: long texts are cut and say how much is missing, and only the first of many
// violations are kept. Code, reason, retry delay, and the metadata of object and request stay.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The size of a status in headers, as HTTP/2 counts it (plus 32 per header), with the worst-case encoding: the message
// percent-encoded, the details in base64.
size_t HeaderBytes(const grpc::Status& status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_
