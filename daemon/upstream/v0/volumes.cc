#include <string>
#include <utility>
#include <vector>

#include "daemon/upstream/v0/codecs/volume_json.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {
namespace {

RestRequest VolumeRequest(HttpMethod method, Idempotency idempotency, const std::string& id) {
  RestRequest request(method, idempotency, {"volumes", id});
  request.About(Subject::kVolume, id).Tag("volume_id", id);
  return request;
}

}  // namespace

Task<absl::StatusOr<v1::Volume>> RestApi::CreateVolume(CallContext context, std::string name) {
  RestRequest request(HttpMethod::kPost, Idempotency::kNotIdempotent, {"volumes"});
  OrderedJson body = OrderedJson::object();
  body["name"] = name;
  request.SetBody(std::move(body)).Through(ConnectionPool::kCreates, Latency::kLongPoll).Tag("volume_name", name);
  co_return co_await client_.Fetch(context, std::move(request), ReadVolume);
}

Task<absl::StatusOr<v1::Volume>> RestApi::GetVolumeById(CallContext context, std::string id) {
  RestRequest request = VolumeRequest(HttpMethod::kGet, Idempotency::kRead, id);
  request.Revalidate();
  absl::StatusOr<v1::Volume> volume = co_await client_.Fetch(context, std::move(request), ReadVolume);
  if (!volume.ok()) co_return co_await Confirmed(context, Subject::kVolume, id, volume.status());
  co_return volume;
}

Task<absl::StatusOr<v1::Volume>> RestApi::GetVolumeByName(CallContext context, std::string name) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"volumes", "by-name", name});
  request.About(Subject::kVolume, name).Tag("volume_name", name);
  request.Revalidate();
  absl::StatusOr<v1::Volume> volume = co_await client_.Fetch(context, std::move(request), ReadVolume);
  if (!volume.ok()) co_return co_await Confirmed(context, Subject::kVolume, name, volume.status());
  co_return volume;
}

Task<absl::StatusOr<std::vector<v1::Volume>>> RestApi::ListVolumes(CallContext context, bool include_deleted) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"volumes"});
  // Upstream takes any value as true, even "false".
  if (include_deleted) request.AddQuery("includeDeleted", "true");
  request.Lists().Revalidate();
  co_return co_await client_.Fetch(context, std::move(request), ReadVolumes);
}

Task<absl::Status> RestApi::DeleteVolume(CallContext context, std::string id) {
  // Not idempotent: upstream rejects the deletion of a volume that is being deleted.
  RestRequest request = VolumeRequest(HttpMethod::kDelete, Idempotency::kNotIdempotent, id);
  absl::Status done = co_await client_.Call(context, std::move(request));
  co_return co_await Confirmed(context, Subject::kVolume, id, std::move(done));
}

}  // namespace daytonad
