#include "daemon/services/volume_handlers.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/operations/page_token.h"
#include "daemon/operations/sandboxes.h"
#include "daemon/services/checks/request_checks.h"
#include "daemon/services/page_limit.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/update_writer.h"

namespace daytonad {
namespace {

constexpr int kDefaultPageSize = 100;

// Upstream has no pages of volumes. The list is sorted by name and id, and a token says after which of them the next
// page begins, so that volumes that come and go between two pages shift nothing.
std::string CursorAfter(const v1::Volume& volume) { return absl::StrCat(volume.id(), "/", volume.name()); }

bool IsAfter(const v1::Volume& volume, const std::string& cursor) {
  const std::pair<std::string, std::string> last = absl::StrSplit(cursor, absl::MaxSplits('/', 1));
  return std::tie(volume.name(), volume.id()) > std::tie(last.second, last.first);
}

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
    co_return co_await volumes_.GetOrCreate(*std::move(mutation), std::move(*request.mutable_volume()));
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
  const std::string scope = PageScope(scoped);
  absl::StatusOr<std::string> cursor = DecodePageToken(scope, request.page_token());
  if (!cursor.ok()) co_return cursor.status();

  absl::StatusOr<std::vector<v1::Volume>> volumes =
      co_await volumes_.List(std::move(context), request.include_deleted());
  if (!volumes.ok()) co_return volumes.status();
  auto next = volumes->begin();
  if (!cursor->empty()) {
    next = std::ranges::find_if(*volumes, [&](const v1::Volume& volume) { return IsAfter(volume, *cursor); });
  }
  const int page_size = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  v1::ListVolumesResponse response;
  size_t bytes = 0;
  for (; next != volumes->end() && response.volumes_size() < page_size; ++next) {
    bytes += EncodedBytes(*next);
    if (bytes > kMaxPageBytes && response.volumes_size() > 0) break;
    *response.add_volumes() = std::move(*next);
  }
  if (next != volumes->end()) {
    response.set_next_page_token(EncodePageToken(scope, CursorAfter(*response.volumes().rbegin())));
  }
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
