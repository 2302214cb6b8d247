#ifndef DAYTONAD_DAEMON_SERVICES_DAEMON_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_DAEMON_SERVICE_H_

#include <utility>

#include "daemon/services/daemon_handlers.h"
#include "daemon/services/rpc/bridge.h"
#include "daytonad/v1/daemon_service.grpc.pb.h"

namespace daytonad {

// The generated service with its method in its raw callback form (see UnaryReactor on why).
using RawDaemonService = v1::DaemonService::WithRawCallbackMethod_GetDaemonInfo<v1::DaemonService::Service>;

// DaemonService at one listener.
class DaemonGrpcService final : public RawDaemonService {
 public:
  using Handlers = DaemonHandlers;

  // Runtime and operations outlive the service.
  DaemonGrpcService(const RpcRuntime& runtime, Caller caller, const DaemonInfoOperations& info)
      : bridge_(v1::DaemonService::service_full_name(), runtime, std::move(caller), Handlers(info)) {}

  grpc::ServerUnaryReactor* GetDaemonInfo(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return bridge_.Unary("GetDaemonInfo", context, request, response, &Handlers::GetDaemonInfo);
  }

 private:
  Bridge<Handlers> bridge_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_DAEMON_SERVICE_H_
