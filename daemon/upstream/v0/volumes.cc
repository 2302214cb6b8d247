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

RestRequest VolumeRequestByName(const std::string& name) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"volumes", "by-name", name});
  request.About(Subject::kVolume, name).Tag("volume_name", name);
  return request;
}

}  // namespace

Task<absl::StatusOr<v1::Volume>> RestApi::Run(CallContext context, CreateVolume create) {
  RestRequest request(HttpMethod::kPost, Idempotency::kNotIdempotent, {"volumes"});
  OrderedJson body = OrderedJson::object();
  body["name"] = create.name;
  request.SetBody(std::move(body))
      .Through(ConnectionPool::kCreates, Latency::kLongPoll)
      .Tag("volume_name", create.name);
  co_return co_await client_.Fetch(context, std::move(request), ReadVolume);
}

Task<absl::StatusOr<v1::Volume>> RestApi::Run(CallContext context, GetVolume get) {
  RestRequest request =
      get.by_name() ? VolumeRequestByName(get.key) : VolumeRequest(HttpMethod::kGet, Idempotency::kRead, get.key);
  request.Revalidate();
  absl::StatusOr<v1::Volume> volume = co_await client_.Fetch(context, std::move(request), ReadVolume);
  if (!volume.ok()) co_return co_await Confirmed(context, Subject::kVolume, get.key, volume.status());
  co_return volume;
}

Task<absl::StatusOr<std::vector<v1::Volume>>> RestApi::Run(CallContext context, ListVolumes list) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"volumes"});
  // Upstream takes any value as true, even "false".
  if (list.include_deleted) request.AddQuery("includeDeleted", "true");
  request.Lists().Revalidate();
  co_return co_await client_.Fetch(context, std::move(request), ReadVolumes);
}

Task<absl::Status> RestApi::Run(CallContext context, DeleteVolume remove) {
  // Not idempotent: upstream rejects the deletion of a volume that is being deleted.
  RestRequest request = VolumeRequest(HttpMethod::kDelete, Idempotency::kNotIdempotent, remove.key);
  absl::Status done = co_await client_.Call(context, std::move(request));
  co_return co_await Confirmed(context, Subject::kVolume, remove.key, std::move(done));
}

}  // namespace daytonad
