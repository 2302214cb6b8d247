#ifndef DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "daemon/services/rpc/request_scan.h"
#include "daemon/services/rpc/server_call.h"

namespace daytonad {

// The largest answer that is given.
inline constexpr int kMaxAnswerBytes = 64 << 20;

// Replaces the bytes of a message that its client compressed (gzip or deflate) by what they stand for.
// INVALID_ARGUMENT (UNPARSABLE_REQUEST) if they are broken, RESOURCE_EXHAUSTED (REQUEST_TOO_LARGE) if that is more than
// `limit`, or, above 256 KiB, a hundred times as much.
//
// gRPC has a filter for this, which stays switched off: each call would carry its state for as long as it waits, and it
// does not limit what comes out, so that a few KB could fill the memory.
absl::Status Decompress(grpc::ByteBuffer* bytes, size_t limit);

// Reads a message of at most `limit` bytes, which is no larger than requests may be (request_scan.h). Its bytes are
// gone then.
template <typename Request>
absl::Status ReadMessage(grpc::ByteBuffer* bytes, Request* request, size_t limit) {
  if (absl::Status status = Decompress(bytes, limit); !status.ok()) return status;
  if (absl::Status status = ScanRequest(*bytes, *Request::descriptor()); !status.ok()) return status;
  if (grpc::SerializationTraits<Request>::Deserialize(bytes, request).ok()) return absl::OkStatus();
  return UnparsableRequest(Request::descriptor()->full_name());
}

// Reads the request of a call. gRPC would keep its bytes, and the whole of what it received with them, as long as the
// call lasts, and thousands of calls wait for minutes.
template <typename Request>
absl::Status TakeRequest(const grpc::ByteBuffer* bytes, Request* request, size_t limit) {
  // Const to handlers, but an object of this call's own.
  return ReadMessage(const_cast<grpc::ByteBuffer*>(bytes), request, limit);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_
