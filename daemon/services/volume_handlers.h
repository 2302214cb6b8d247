#ifndef DAYTONAD_DAEMON_SERVICES_VOLUME_HANDLERS_H_
#define DAYTONAD_DAEMON_SERVICES_VOLUME_HANDLERS_H_

#include "absl/status/statusor.h"
#include "daemon/operations/volume/volumes.h"
#include "daemon/services/rpc/stream_writer.h"
#include "daytonad/v1/volume_service.pb.h"

namespace daytonad {

// The RPCs of VolumeService: parse, validate, call one operation, answer. volume_service.proto specifies them.
class VolumeHandlers {
 public:
  explicit VolumeHandlers(VolumeOperations& volumes) : volumes_(volumes) {}

  Task<absl::StatusOr<v1::CreateVolumeResponse>> CreateVolume(CallContext context, v1::CreateVolumeRequest request);
  // GetVolume's answer from the cache, on any thread.
  std::optional<CachedObject<v1::Volume>> FindCached(const v1::GetVolumeRequest& request) const;
  Task<absl::StatusOr<v1::GetVolumeResponse>> GetVolume(CallContext context, v1::GetVolumeRequest request);
  Task<absl::StatusOr<v1::ListVolumesResponse>> ListVolumes(CallContext context, v1::ListVolumesRequest request);
  Task<absl::StatusOr<v1::DeleteVolumeResponse>> DeleteVolume(CallContext context, v1::DeleteVolumeRequest request);
  Task<absl::Status> WatchVolume(CallContext context, v1::WatchVolumeRequest request,
                                 StreamWriter<v1::WatchVolumeResponse>* writer);

 private:
  VolumeOperations& volumes_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_VOLUME_HANDLERS_H_
