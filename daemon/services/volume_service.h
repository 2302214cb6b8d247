#ifndef DAYTONAD_DAEMON_SERVICES_VOLUME_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_VOLUME_SERVICE_H_

#include <utility>

#include "daemon/services/rpc/bridge.h"
#include "daemon/services/volume_handlers.h"
#include "daytonad/v1/volume_service.grpc.pb.h"

namespace daytonad {

// The generated service with every method in its raw callback form (see UnaryReactor on why).
// clang-format off
using RawVolumeService =
    v1::VolumeService::WithRawCallbackMethod_CreateVolume<
    v1::VolumeService::WithRawCallbackMethod_GetVolume<
    v1::VolumeService::WithRawCallbackMethod_ListVolumes<
    v1::VolumeService::WithRawCallbackMethod_DeleteVolume<
    v1::VolumeService::WithRawCallbackMethod_WatchVolume<
    v1::VolumeService::Service>>>>>;
// clang-format on

// VolumeService at one listener.
class VolumeGrpcService final : public RawVolumeService {
 public:
  using Context = grpc::CallbackServerContext;
  using Buffer = grpc::ByteBuffer;
  using UnaryReactor = grpc::ServerUnaryReactor;
  using StreamReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
  using Handlers = VolumeHandlers;

  // Runtime and operations outlive the service.
  VolumeGrpcService(const RpcRuntime& runtime, Caller caller, VolumeOperations& volumes)
      : bridge_(v1::VolumeService::service_full_name(), runtime, std::move(caller), Handlers(volumes)) {}

  UnaryReactor* CreateVolume(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("CreateVolume", context, request, response, &Handlers::CreateVolume);
  }
  UnaryReactor* GetVolume(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.CachedUnary("GetVolume", context, request, response, &Handlers::GetVolume, &Handlers::FindCached,
                               v1::GetVolumeResponse::kVolumeFieldNumber);
  }
  UnaryReactor* ListVolumes(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("ListVolumes", context, request, response, &Handlers::ListVolumes);
  }
  UnaryReactor* DeleteVolume(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("DeleteVolume", context, request, response, &Handlers::DeleteVolume);
  }
  StreamReactor* WatchVolume(Context* context, const Buffer* request) override {
    return bridge_.Stream("WatchVolume", context, request, &Handlers::WatchVolume);
  }

 private:
  Bridge<Handlers> bridge_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_VOLUME_SERVICE_H_
