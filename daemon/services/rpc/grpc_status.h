#ifndef DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <cstddef>

#include "absl/status/status.h"

namespace daytonad {

// What the headers may have together that end a call. Clients made with gRPC's C core take 8 KiB by default, proxies
// sometimes less; of what is larger they tell nothing but RESOURCE_EXHAUSTED.
inline constexpr size_t kMaxStatusBytes = 6 * 1024;

// The status as gRPC sends it: the standard details (payloads of base/error.h) go into google.rpc.Status.details;
// payloads that are the daemon's own affair stay here. An error without an ErrorInfo gets one (reason INTERNAL): every
// error has a reason.
//
// It has at most kMaxStatusBytes. For that, long texts are cut and say how much is missing, and of many violations the
// first are told; code, reason, delay and what names the object and the request stay.
grpc::Status ToGrpcStatus(const absl::Status& status);

// How many bytes a status has in headers, as HTTP/2 counts them (with 32 for each) and encoded as they may have to be:
// the message in percents, the details in base64.
size_t HeaderBytes(const grpc::Status& status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_GRPC_STATUS_H_
