#ifndef DAYTONAD_DAEMON_SERVICES_RPC_REFUSE_UPLOAD_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_REFUSE_UPLOAD_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "daemon/services/rpc/grpc_status.h"

namespace daytonad {

// Ends a client-streaming RPC with `status`, without reading any of it.
inline grpc::ServerReadReactor<grpc::ByteBuffer>* RefuseUpload(const absl::Status& status) {
  class Reactor final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
   public:
    void OnDone() override { delete this; }
  };
  auto* reactor = new Reactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_REFUSE_UPLOAD_H_
