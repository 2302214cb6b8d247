#include "daemon/services/volume_handlers.h"

#include <cstddef>
#include <utility>

#include "daemon/operations/sandbox/sandboxes.h"
#include "daemon/services/checks/request_checks.h"
#include "daemon/services/page_limit.h"
#include "daemon/services/page_token.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/update_writer.h"

namespace daytonad {
namespace {

constexpr int kDefaultPageSize = 100;

}  // namespace

Task<absl::StatusOr<v1::CreateVolumeResponse>> VolumeHandlers::CreateVolume(CallContext context,
                                                                            v1::CreateVolumeRequest request) {
  FieldViolations violations;
  CheckObject("name", request.name(), violations);
  const TimeLimit timeout = CheckTimeout(request, kDefaultWait, violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<v1::Volume> volume =
      co_await volumes_.Create(*std::move(mutation), std::move(*request.mutable_name()), timeout, request.wait());
  if (!volume.ok()) co_return volume.status();
  v1::CreateVolumeResponse response;
  *response.mutable_volume() = *std::move(volume);
  co_return response;
}

std::optional<CachedObject<v1::Volume>> VolumeHandlers::FindCached(const v1::GetVolumeRequest& request) const {
  return volumes_.FindCached(request.volume(), MaxAgeOf(request));
}

Task<absl::StatusOr<v1::GetVolumeResponse>> VolumeHandlers::GetVolume(CallContext context,
                                                                      v1::GetVolumeRequest request) {
  FieldViolations violations;
  CheckObject("volume", request.volume(), violations);
  CheckMaxAge(request, violations);
  if (request.create_if_missing()) {
    absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
    if (!mutation.ok()) co_return mutation.status();
    absl::StatusOr<FoundVolume> found =
        co_await volumes_.GetOrCreate(*std::move(mutation), std::move(*request.mutable_volume()));
    if (!found.ok()) co_return found.status();
    v1::GetVolumeResponse response;
    *response.mutable_volume() = std::move(found->volume);
    response.set_created(found->created);
    co_return response;
  }
  if (!violations.empty()) co_return violations.ToStatus();
  absl::StatusOr<v1::Volume> volume = co_await volumes_.Get(std::move(context), std::move(*request.mutable_volume()));
  if (!volume.ok()) co_return volume.status();
  v1::GetVolumeResponse response;
  *response.mutable_volume() = *std::move(volume);
  co_return response;
}

Task<absl::StatusOr<v1::ListVolumesResponse>> VolumeHandlers::ListVolumes(CallContext context,
                                                                          v1::ListVolumesRequest request) {
  FieldViolations violations;
  CheckMaxAge(request, violations);
  CheckPageSize(request.page_size(), violations);
  CheckFitsIntoUrl("page_token", request.page_token().size(), violations);
  if (!violations.empty()) co_return violations.ToStatus();
  v1::ListVolumesRequest scoped = request;
  scoped.clear_page_token();
  scoped.clear_page_size();
  scoped.clear_max_age();
  const std::string scope = PageScope(context, scoped);
  absl::StatusOr<std::string> cursor = DecodePageToken(scope, request.page_token());
  if (!cursor.ok()) co_return cursor.status();

  VolumeListQuery query;
  query.include_deleted = request.include_deleted();
  query.cursor = *std::move(cursor);
  query.page_size = static_cast<size_t>(request.page_size() == 0 ? kDefaultPageSize : request.page_size());
  query.max_bytes = kMaxPageBytes;
  absl::StatusOr<VolumePage> page = co_await volumes_.List(std::move(context), std::move(query));
  if (!page.ok()) co_return page.status();
  v1::ListVolumesResponse response;
  for (v1::Volume& volume : page->items) *response.add_volumes() = std::move(volume);
  if (!page->next_cursor.empty()) response.set_next_page_token(EncodePageToken(scope, page->next_cursor));
  co_return response;
}

Task<absl::StatusOr<v1::DeleteVolumeResponse>> VolumeHandlers::DeleteVolume(CallContext context,
                                                                            v1::DeleteVolumeRequest request) {
  FieldViolations violations;
  CheckObject("volume", request.volume(), violations);
  const TimeLimit timeout = CheckTimeout(request, kDefaultWait, violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<std::string> id =
      co_await volumes_.Delete(*std::move(mutation), std::move(*request.mutable_volume()), timeout, request.wait());
  if (!id.ok()) co_return id.status();
  v1::DeleteVolumeResponse response;
  response.set_volume_id(*std::move(id));
  co_return response;
}

Task<absl::Status> VolumeHandlers::WatchVolume(CallContext context, v1::WatchVolumeRequest request,
                                               StreamWriter<v1::WatchVolumeResponse>* writer) {
  FieldViolations violations;
  CheckObject("volume", request.volume(), violations);
  if (!violations.empty()) co_return violations.ToStatus();
  UpdateWriter<v1::Volume, v1::WatchVolumeResponse> updates(*writer, &v1::WatchVolumeResponse::mutable_volume);
  co_return co_await volumes_.StreamUpdates(std::move(context), std::move(*request.mutable_volume()), updates);
}

}  // namespace daytonad
