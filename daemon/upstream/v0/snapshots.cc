#include <string>
#include <utility>
#include <vector>

#include "daemon/base/ids.h"
#include "daemon/upstream/v0/codecs/enum_text.h"
#include "daemon/upstream/v0/codecs/snapshot_json.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {
namespace {

// A request about one snapshot.
RestRequest SnapshotRequest(HttpMethod method, Idempotency idempotency, const std::string& id_or_name,
                            std::vector<std::string> more_segments = {}) {
  std::vector<std::string> segments = {"snapshots", id_or_name};
  for (std::string& segment : more_segments) segments.push_back(std::move(segment));
  RestRequest request(method, idempotency, std::move(segments));
  request.About(Subject::kSnapshot, id_or_name)
      .Tag(LooksLikeUuid(id_or_name) ? "snapshot_id" : "snapshot_name", id_or_name);
  return request;
}

}  // namespace

Task<absl::StatusOr<v1::Snapshot>> RestApi::Run(CallContext context, CreateSnapshot create) {
  RestRequest request(HttpMethod::kPost, Idempotency::kNotIdempotent, {"snapshots"});
  request.SetBody(WriteNewSnapshot(create, default_target_))
      .Through(ConnectionPool::kCreates, Latency::kLongPoll)
      .Tag("snapshot_name", create.spec.name());
  co_return co_await client_.Fetch(context, std::move(request), ReadSnapshot);
}

Task<absl::StatusOr<v1::Snapshot>> RestApi::Run(CallContext context, GetSnapshot get) {
  RestRequest request = SnapshotRequest(HttpMethod::kGet, Idempotency::kRead, get.key);
  request.Revalidate();
  absl::StatusOr<v1::Snapshot> snapshot = co_await client_.Fetch(context, std::move(request), ReadSnapshot);
  if (!snapshot.ok()) co_return co_await Confirmed(context, Subject::kSnapshot, get.key, snapshot.status());
  co_return snapshot;
}

Task<absl::StatusOr<SnapshotPage>> RestApi::Run(CallContext context, ListSnapshots list) {
  const SnapshotListQuery& query = list.query;
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"snapshots"});
  request.AddQuery("page", std::to_string(list.page));
  if (query.page_size > 0) request.AddQuery("limit", std::to_string(query.page_size));
  if (!query.name.empty()) request.AddQuery("name", query.name);
  if (!query.source_sandbox.empty()) request.AddQuery("sourceSandboxId", query.source_sandbox);
  if (const std::string sort = SnapshotSortText(query.sort); !sort.empty()) request.AddQuery("sort", sort);
  if (const std::string order = SortOrderText(query.order); !order.empty()) request.AddQuery("order", order);
  request.Lists().Revalidate();
  co_return co_await client_.Fetch(context, std::move(request), ReadSnapshotPage);
}

Task<absl::StatusOr<v1::Snapshot>> RestApi::Run(CallContext context, ActivateSnapshot activate) {
  // Not idempotent, like the two below: upstream rejects them in the state that they lead to.
  RestRequest request = SnapshotRequest(HttpMethod::kPost, Idempotency::kNotIdempotent, activate.key, {"activate"});
  absl::StatusOr<v1::Snapshot> snapshot = co_await client_.Fetch(context, std::move(request), ReadSnapshot);
  if (!snapshot.ok()) co_return co_await Confirmed(context, Subject::kSnapshot, activate.key, snapshot.status());
  co_return snapshot;
}

Task<absl::Status> RestApi::Run(CallContext context, DeactivateSnapshot deactivate) {
  RestRequest request = SnapshotRequest(HttpMethod::kPost, Idempotency::kNotIdempotent, deactivate.key, {"deactivate"});
  absl::Status done = co_await client_.Call(context, std::move(request));
  co_return co_await Confirmed(context, Subject::kSnapshot, deactivate.key, std::move(done));
}

Task<absl::Status> RestApi::Run(CallContext context, DeleteSnapshot remove) {
  RestRequest request = SnapshotRequest(HttpMethod::kDelete, Idempotency::kNotIdempotent, remove.key);
  absl::Status done = co_await client_.Call(context, std::move(request));
  co_return co_await Confirmed(context, Subject::kSnapshot, remove.key, std::move(done));
}

}  // namespace daytonad
