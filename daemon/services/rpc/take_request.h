#ifndef DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "daemon/services/rpc/grpc_internals.h"
#include "daemon/services/rpc/request_scan.h"
#include "daemon/services/rpc/rpc_errors.h"

namespace daytonad {

// The largest answer.
inline constexpr int kMaxAnswerBytes = 64 << 20;

// Decompresses a message that its client compressed (gzip or deflate). INVALID_ARGUMENT (UNPARSABLE_REQUEST) if it is
// broken, RESOURCE_EXHAUSTED (REQUEST_TOO_LARGE) if the result exceeds `limit`, or, above 256 KiB, a hundred times the
// message's size.
//
// gRPC has a filter for this, which is disabled: each waiting call would keep its state, and it does not limit the
// output, so that a few KB could fill the memory.
absl::Status Decompress(grpc::ByteBuffer* bytes, size_t limit);

// Parses a message of at most `limit` bytes, after a scan (request_scan.h). Consumes its bytes.
template <typename Request>
absl::Status ReadMessage(grpc::ByteBuffer* bytes, Request* request, size_t limit) {
  if (absl::Status status = Decompress(bytes, limit); !status.ok()) return status;
  if (absl::Status status = ScanRequest(*bytes, *Request::descriptor()); !status.ok()) return status;
  if (grpc_internals::Deserialize(bytes, request)) return absl::OkStatus();
  return UnparsableRequest(Request::descriptor()->full_name());
}

// Parses the request of a call and frees its bytes. gRPC would keep them, with the whole receive buffer, until the call
// ends, and thousands of calls wait for minutes.
template <typename Request>
absl::Status TakeRequest(const grpc::ByteBuffer* bytes, Request* request, size_t limit) {
  return ReadMessage(grpc_internals::OwnedRequest(bytes), request, limit);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_
