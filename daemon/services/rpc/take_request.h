#ifndef DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

namespace daytonad {

// Reads the request of a call; false if it can't be read. Its bytes are gone then: gRPC would keep them, and the whole
// of what it received with them, as long as the call lasts, and thousands of calls wait for minutes.
template <typename Request>
bool TakeRequest(const grpc::ByteBuffer* bytes, Request* request) {
  // Const to handlers, but an object of this call's own.
  auto* own = const_cast<grpc::ByteBuffer*>(bytes);
  return grpc::SerializationTraits<Request>::Deserialize(own, request).ok();
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_TAKE_REQUEST_H_
