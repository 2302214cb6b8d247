#include "daemon/services/volume_service.h"

#include "daytonad/v1/volume_service.grpc.pb.h"

namespace daytonad {

const ServiceTable<VolumeHandlers>& VolumeServiceTable() {
  using H = VolumeHandlers;
  constexpr Effect kRead = Effect::kRead;
  constexpr Effect kMutation = Effect::kMutation;
  static const auto* const kTable =
      new ServiceTable<H>{.service = v1::VolumeService::service_full_name(),
                          .rows = {
                              Unary("CreateVolume", kMutation, "name", &H::CreateVolume),
                              CachedUnary("GetVolume", kRead, "volume", &H::GetVolume, &H::FindCached,
                                          v1::GetVolumeResponse::kVolumeFieldNumber)
                                  .MutatesIf("create_if_missing"),
                              Unary("ListVolumes", kRead, "", &H::ListVolumes),
                              Unary("DeleteVolume", kMutation, "volume", &H::DeleteVolume),
                              ServerStream("WatchVolume", kRead, "volume", &H::WatchVolume),
                          }};
  return *kTable;
}

}  // namespace daytonad
