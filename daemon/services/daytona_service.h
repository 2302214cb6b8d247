#ifndef DAYTONAD_DAEMON_SERVICES_DAYTONA_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_DAYTONA_SERVICE_H_

#include "daemon/services/daytona_handlers.h"
#include "daemon/services/rpc/bridge.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad {

// The generated service with every method in its raw callback form (see UnaryReactor on why).
// clang-format off
using RawDaytonaService =
    v1::DaytonaService::WithRawCallbackMethod_CreateSandbox<
    v1::DaytonaService::WithRawCallbackMethod_CreateSandboxStream<
    v1::DaytonaService::WithRawCallbackMethod_GetSandbox<
    v1::DaytonaService::WithRawCallbackMethod_FindSandbox<
    v1::DaytonaService::WithRawCallbackMethod_ListSandboxes<
    v1::DaytonaService::WithRawCallbackMethod_StartSandbox<
    v1::DaytonaService::WithRawCallbackMethod_StopSandbox<
    v1::DaytonaService::WithRawCallbackMethod_DeleteSandbox<
    v1::DaytonaService::WithRawCallbackMethod_WaitSandbox<
    v1::DaytonaService::WithRawCallbackMethod_WatchSandbox<
    v1::DaytonaService::WithRawCallbackMethod_StreamSandboxes<
    v1::DaytonaService::Service>>>>>>>>>>>;
// clang-format on

// DaytonaService at one listener.
class DaytonaGrpcService final : public RawDaytonaService {
 public:
  using Context = grpc::CallbackServerContext;
  using Buffer = grpc::ByteBuffer;
  using UnaryReactor = grpc::ServerUnaryReactor;
  using StreamReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
  using Handlers = DaytonaHandlers;

  // Runtime and operations outlive the service.
  DaytonaGrpcService(const RpcRuntime& runtime, Caller caller, SandboxOperations& sandboxes)
      : bridge_(v1::DaytonaService::service_full_name(), runtime, std::move(caller), Handlers(sandboxes)) {}

  UnaryReactor* CreateSandbox(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("CreateSandbox", context, request, response, &Handlers::CreateSandbox);
  }
  StreamReactor* CreateSandboxStream(Context* context, const Buffer* request) override {
    return bridge_.Stream("CreateSandboxStream", context, request, &Handlers::CreateSandboxStream);
  }
  UnaryReactor* GetSandbox(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.CachedUnary("GetSandbox", context, request, response, &Handlers::GetSandbox, &Handlers::FindCached,
                               v1::GetSandboxResponse::kSandboxFieldNumber);
  }
  UnaryReactor* FindSandbox(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("FindSandbox", context, request, response, &Handlers::FindSandbox);
  }
  UnaryReactor* ListSandboxes(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("ListSandboxes", context, request, response, &Handlers::ListSandboxes);
  }
  UnaryReactor* StartSandbox(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("StartSandbox", context, request, response, &Handlers::StartSandbox);
  }
  UnaryReactor* StopSandbox(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("StopSandbox", context, request, response, &Handlers::StopSandbox);
  }
  UnaryReactor* DeleteSandbox(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("DeleteSandbox", context, request, response, &Handlers::DeleteSandbox);
  }
  UnaryReactor* WaitSandbox(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("WaitSandbox", context, request, response, &Handlers::WaitSandbox);
  }
  StreamReactor* WatchSandbox(Context* context, const Buffer* request) override {
    return bridge_.Stream("WatchSandbox", context, request, &Handlers::WatchSandbox);
  }
  StreamReactor* StreamSandboxes(Context* context, const Buffer* request) override {
    return bridge_.Stream("StreamSandboxes", context, request, &Handlers::StreamSandboxes);
  }

 private:
  Bridge<Handlers> bridge_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_DAYTONA_SERVICE_H_
