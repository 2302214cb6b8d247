#ifndef DAYTONAD_DAEMON_SERVICES_SNAPSHOT_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_SNAPSHOT_SERVICE_H_

#include <utility>

#include "daemon/services/rpc/bridge.h"
#include "daemon/services/snapshot_handlers.h"
#include "daytonad/v1/snapshot_service.grpc.pb.h"

namespace daytonad {

// The generated service with every method in its raw callback form (see UnaryReactor on why).
// clang-format off
using RawSnapshotService =
    v1::SnapshotService::WithRawCallbackMethod_CreateSnapshot<
    v1::SnapshotService::WithRawCallbackMethod_CreateSnapshotStream<
    v1::SnapshotService::WithRawCallbackMethod_GetSnapshot<
    v1::SnapshotService::WithRawCallbackMethod_ListSnapshots<
    v1::SnapshotService::WithRawCallbackMethod_StreamSnapshots<
    v1::SnapshotService::WithRawCallbackMethod_ActivateSnapshot<
    v1::SnapshotService::WithRawCallbackMethod_DeactivateSnapshot<
    v1::SnapshotService::WithRawCallbackMethod_DeleteSnapshot<
    v1::SnapshotService::WithRawCallbackMethod_WatchSnapshot<
    v1::SnapshotService::Service>>>>>>>>>;
// clang-format on

// SnapshotService at one listener.
class SnapshotGrpcService final : public RawSnapshotService {
 public:
  using Context = grpc::CallbackServerContext;
  using Buffer = grpc::ByteBuffer;
  using UnaryReactor = grpc::ServerUnaryReactor;
  using StreamReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
  using Handlers = SnapshotHandlers;

  // Runtime and operations outlive the service.
  SnapshotGrpcService(const RpcRuntime& runtime, Caller caller, SnapshotOperations& snapshots)
      : bridge_(v1::SnapshotService::service_full_name(), runtime, std::move(caller), Handlers(snapshots)) {}

  UnaryReactor* CreateSnapshot(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("CreateSnapshot", context, request, response, &Handlers::CreateSnapshot);
  }
  StreamReactor* CreateSnapshotStream(Context* context, const Buffer* request) override {
    return bridge_.Stream("CreateSnapshotStream", context, request, &Handlers::CreateSnapshotStream);
  }
  UnaryReactor* GetSnapshot(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.CachedUnary("GetSnapshot", context, request, response, &Handlers::GetSnapshot, &Handlers::FindCached,
                               v1::GetSnapshotResponse::kSnapshotFieldNumber);
  }
  UnaryReactor* ListSnapshots(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("ListSnapshots", context, request, response, &Handlers::ListSnapshots);
  }
  StreamReactor* StreamSnapshots(Context* context, const Buffer* request) override {
    return bridge_.Stream("StreamSnapshots", context, request, &Handlers::StreamSnapshots);
  }
  UnaryReactor* ActivateSnapshot(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("ActivateSnapshot", context, request, response, &Handlers::ActivateSnapshot);
  }
  UnaryReactor* DeactivateSnapshot(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("DeactivateSnapshot", context, request, response, &Handlers::DeactivateSnapshot);
  }
  UnaryReactor* DeleteSnapshot(Context* context, const Buffer* request, Buffer* response) override {
    return bridge_.Unary("DeleteSnapshot", context, request, response, &Handlers::DeleteSnapshot);
  }
  StreamReactor* WatchSnapshot(Context* context, const Buffer* request) override {
    return bridge_.Stream("WatchSnapshot", context, request, &Handlers::WatchSnapshot);
  }

 private:
  Bridge<Handlers> bridge_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_SNAPSHOT_SERVICE_H_
