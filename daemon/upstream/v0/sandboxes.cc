#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/ids.h"
#include "daemon/upstream/v0/codecs/build_json.h"
#include "daemon/upstream/v0/codecs/enum_text.h"
#include "daemon/upstream/v0/codecs/sandbox_json.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {
namespace {

// A request about one sandbox.
RestRequest SandboxRequest(HttpMethod method, Idempotency idempotency, const std::string& id_or_name,
                           std::vector<std::string> more_segments = {}) {
  std::vector<std::string> segments = {"sandbox", id_or_name};
  for (std::string& segment : more_segments) segments.push_back(std::move(segment));
  RestRequest request(method, idempotency, std::move(segments));
  request.About(Subject::kSandbox, id_or_name)
      .Tag(LooksLikeUuid(id_or_name) ? "sandbox_id" : "sandbox_name", id_or_name);
  return request;
}

void AddIfGiven(RestRequest& request, std::string name, std::string value) {
  if (!value.empty()) request.AddQuery(std::move(name), std::move(value));
}

void AddAll(RestRequest& request, const std::string& name,
            const google::protobuf::RepeatedPtrField<std::string>& values) {
  for (const std::string& value : values) request.AddQuery(name, value);
}

void AddTime(RestRequest& request, std::string name, bool given, const google::protobuf::Timestamp& timestamp) {
  if (!given) return;
  const absl::Time time = absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
  request.AddQuery(std::move(name), absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone()));
}

void AddRanges(RestRequest& request, const v1::SandboxFilter& filter) {
  if (filter.has_min_cpu()) request.AddQuery("minCpu", WriteNumber(filter.min_cpu()).dump());
  if (filter.has_max_cpu()) request.AddQuery("maxCpu", WriteNumber(filter.max_cpu()).dump());
  if (filter.has_min_memory_gib()) request.AddQuery("minMemoryGiB", WriteNumber(filter.min_memory_gib()).dump());
  if (filter.has_max_memory_gib()) request.AddQuery("maxMemoryGiB", WriteNumber(filter.max_memory_gib()).dump());
  if (filter.has_min_disk_gib()) request.AddQuery("minDiskGiB", WriteNumber(filter.min_disk_gib()).dump());
  if (filter.has_max_disk_gib()) request.AddQuery("maxDiskGiB", WriteNumber(filter.max_disk_gib()).dump());
  AddTime(request, "lastEventAfter", filter.has_last_activity_after(), filter.last_activity_after());
  AddTime(request, "lastEventBefore", filter.has_last_activity_before(), filter.last_activity_before());
}

// What both lists of sandboxes know. `regions` is the name of the parameter for targets, which they do not agree on.
void AddCommonFilter(RestRequest& request, const SandboxListQuery& query, const std::string& regions) {
  const v1::SandboxFilter& filter = query.filter;
  if (query.page_size > 0) request.AddQuery("limit", std::to_string(query.page_size));
  AddIfGiven(request, "id", filter.id_prefix());
  AddIfGiven(request, "name", filter.name_prefix());
  if (!filter.labels().empty()) request.AddQuery("labels", LabelsText(filter.labels()));
  if (filter.include_errored_deleted()) request.AddQuery("includeErroredDeleted", "true");
  for (const int state : filter.states()) {
    AddIfGiven(request, "states", SandboxStateText(static_cast<v1::SandboxState>(state)));
  }
  AddAll(request, "states", filter.state_texts());
  AddAll(request, "snapshots", filter.snapshots());
  AddAll(request, regions, filter.targets());
  AddRanges(request, filter);
}

// What only the cursor list knows.
void AddNewerFilter(RestRequest& request, const v1::SandboxFilter& filter) {
  if (filter.has_min_gpu()) request.AddQuery("minGpu", std::to_string(filter.min_gpu()));
  if (filter.has_max_gpu()) request.AddQuery("maxGpu", std::to_string(filter.max_gpu()));
  if (filter.include_warm()) request.AddQuery("includeWarm", "true");
  for (const int sandbox_class : filter.sandbox_classes()) {
    AddIfGiven(request, "sandboxClasses", SandboxClassText(static_cast<v1::SandboxClass>(sandbox_class)));
  }
  AddAll(request, "sandboxClasses", filter.sandbox_class_texts());
  if (filter.has_is_public()) request.AddQuery("isPublic", filter.is_public() ? "true" : "false");
  if (filter.has_is_recoverable()) request.AddQuery("isRecoverable", filter.is_recoverable() ? "true" : "false");
  AddTime(request, "createdAtAfter", filter.has_created_at_after(), filter.created_at_after());
  AddTime(request, "createdAtBefore", filter.has_created_at_before(), filter.created_at_before());
  AddTime(request, "autoDestroyAtAfter", filter.has_auto_destroy_at_after(), filter.auto_destroy_at_after());
  AddTime(request, "autoDestroyAtBefore", filter.has_auto_destroy_at_before(), filter.auto_destroy_at_before());
}

void AddOrder(RestRequest& request, const SandboxListQuery& query) {
  AddIfGiven(request, "sort", SandboxSortText(query.sort));
  AddIfGiven(request, "order", SortOrderText(query.order));
}

}  // namespace

Task<absl::StatusOr<v1::Sandbox>> RestApi::Run(CallContext context, CreateSandbox create) {
  RestRequest request(HttpMethod::kPost, Idempotency::kNotIdempotent, {"sandbox"});
  request.SetBody(WriteNewSandbox(create, default_target_))
      .Through(ConnectionPool::kCreates, Latency::kLongPoll)
      .CountedAgainst(kCreateThrottler)
      .Tag("sandbox_name", create.spec.name());
  // Not a coroutine: thousands of creates may be queued, and none should keep its spec in memory.
  return client_.Fetch(std::move(context), std::move(request), ReadSandbox);
}

Task<absl::StatusOr<v1::Sandbox>> RestApi::Run(CallContext context, GetSandbox get) {
  const absl::StatusOr<std::string> reachable = co_await Reachable(context, std::move(get.key));
  if (!reachable.ok()) co_return reachable.status();
  RestRequest request = SandboxRequest(HttpMethod::kGet, Idempotency::kRead, *reachable);
  request.Revalidate();
  absl::StatusOr<v1::Sandbox> sandbox = co_await client_.Fetch(context, std::move(request), ReadSandbox);
  if (!sandbox.ok()) co_return co_await Confirmed(context, Subject::kSandbox, *reachable, sandbox.status());
  co_return sandbox;
}

Task<absl::StatusOr<SandboxPage>> RestApi::Run(CallContext context, ListSandboxes list) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"sandbox"});
  // The cursor contains neither filters nor order: send them with each page.
  AddIfGiven(request, "cursor", std::move(list.cursor));
  AddCommonFilter(request, list.query, "regionIds");
  AddNewerFilter(request, list.query.filter);
  AddOrder(request, list.query);
  request.Lists().Revalidate();
  co_return co_await client_.Fetch(context, std::move(request), ReadSandboxPage);
}

Task<absl::StatusOr<NumberedSandboxPage>> RestApi::Run(CallContext context, ListSandboxesByPage list) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"sandbox", "paginated"});
  request.AddQuery("page", std::to_string(list.page));
  AddCommonFilter(request, list.query, "regions");
  AddOrder(request, list.query);
  request.Lists().Revalidate();
  co_return co_await client_.Fetch(context, std::move(request), ReadNumberedSandboxPage);
}

Task<absl::StatusOr<v1::Sandbox>> RestApi::Run(CallContext context, StartSandbox start) {
  RestRequest request = SandboxRequest(HttpMethod::kPost, Idempotency::kIdempotentWrite, start.key, {"start"});
  request.Through(ConnectionPool::kCreates, Latency::kLongPoll).CountedAgainst(kLifecycleThrottler);
  absl::StatusOr<v1::Sandbox> sandbox = co_await client_.Fetch(context, std::move(request), ReadSandbox);
  if (!sandbox.ok()) co_return co_await Confirmed(context, Subject::kSandbox, start.key, sandbox.status());
  co_return sandbox;
}

Task<absl::StatusOr<v1::Sandbox>> RestApi::Run(CallContext context, StopSandbox stop) {
  // Not idempotent: upstream rejects the stop of a stopped sandbox.
  RestRequest request = SandboxRequest(HttpMethod::kPost, Idempotency::kNotIdempotent, stop.key, {"stop"});
  request.AddQuery("force", stop.force ? "true" : "false").CountedAgainst(kLifecycleThrottler);
  absl::StatusOr<v1::Sandbox> sandbox = co_await client_.Fetch(context, std::move(request), ReadSandbox);
  if (!sandbox.ok()) co_return co_await Confirmed(context, Subject::kSandbox, stop.key, sandbox.status());
  co_return sandbox;
}

Task<absl::StatusOr<v1::Sandbox>> RestApi::Run(CallContext context, DeleteSandbox remove) {
  // Not idempotent: the name is free at once, and may belong to another sandbox when the request is repeated.
  RestRequest request = SandboxRequest(HttpMethod::kDelete, Idempotency::kNotIdempotent, remove.key);
  request.CountedAgainst(kLifecycleThrottler);
  absl::StatusOr<v1::Sandbox> sandbox = co_await client_.Fetch(context, std::move(request), ReadSandbox);
  if (!sandbox.ok()) co_return co_await Confirmed(context, Subject::kSandbox, remove.key, sandbox.status());
  co_return sandbox;
}

}  // namespace daytonad
