#ifndef DAYTONAD_DAEMON_SERVICES_BUILD_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_BUILD_SERVICE_H_

#include <utility>

#include "daemon/services/build_handlers.h"
#include "daemon/services/rpc/bridge.h"
#include "daytonad/v1/build_service.grpc.pb.h"

namespace daytonad {

// The generated service with every method in its raw callback form (see UnaryReactor on why).
// clang-format off
using RawBuildService =
    v1::BuildService::WithRawCallbackMethod_StreamBuildLogs<
    v1::BuildService::WithRawCallbackMethod_UploadBuildContext<
    v1::BuildService::Service>>;
// clang-format on

// BuildService at one listener.
class BuildGrpcService final : public RawBuildService {
 public:
  using Context = grpc::CallbackServerContext;
  using Buffer = grpc::ByteBuffer;
  using StreamReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
  using UploadReactor = grpc::ServerReadReactor<grpc::ByteBuffer>;
  using Handlers = BuildHandlers;

  // Runtime and operations outlive the service.
  BuildGrpcService(const RpcRuntime& runtime, Caller caller, BuildLogOperations& build_logs, StreamedUploads& uploads)
      : bridge_(v1::BuildService::service_full_name(), runtime, std::move(caller), Handlers(build_logs, uploads)) {}

  StreamReactor* StreamBuildLogs(Context* context, const Buffer* request) override {
    return bridge_.Stream("StreamBuildLogs", context, request, &Handlers::StreamBuildLogs);
  }
  UploadReactor* UploadBuildContext(Context* context, Buffer* response) override {
    return bridge_.ClientStream("UploadBuildContext", context, response, &Handlers::UploadBuildContext);
  }

 private:
  Bridge<Handlers> bridge_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_BUILD_SERVICE_H_
