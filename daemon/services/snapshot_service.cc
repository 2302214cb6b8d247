#include "daemon/services/snapshot_service.h"

#include "daytonad/v1/snapshot_service.grpc.pb.h"

namespace daytonad {

const ServiceTable<SnapshotHandlers>& SnapshotServiceTable() {
  using H = SnapshotHandlers;
  constexpr Effect kRead = Effect::kRead;
  constexpr Effect kMutation = Effect::kMutation;
  static const auto* const kTable =
      new ServiceTable<H>{.service = v1::SnapshotService::service_full_name(),
                          .rows = {
                              Unary("CreateSnapshot", kMutation, "spec.name", &H::CreateSnapshot),
                              ServerStream("CreateSnapshotStream", kMutation, "spec.name", &H::CreateSnapshotStream),
                              CachedUnary("GetSnapshot", kRead, "snapshot", &H::GetSnapshot, &H::FindCached,
                                          v1::GetSnapshotResponse::kSnapshotFieldNumber),
                              Unary("ListSnapshots", kRead, "", &H::ListSnapshots),
                              ServerStream("StreamSnapshots", kRead, "", &H::StreamSnapshots),
                              Unary("ActivateSnapshot", kMutation, "snapshot", &H::ActivateSnapshot),
                              Unary("DeactivateSnapshot", kMutation, "snapshot", &H::DeactivateSnapshot),
                              Unary("DeleteSnapshot", kMutation, "snapshot", &H::DeleteSnapshot),
                              ServerStream("WatchSnapshot", kRead, "snapshot", &H::WatchSnapshot),
                          }};
  return *kTable;
}

}  // namespace daytonad
