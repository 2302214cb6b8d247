#include "daemon/services/snapshot_handlers.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/services/checks/request_checks.h"
#include "daemon/services/checks/spec_checks.h"
#include "daemon/services/page_limit.h"
#include "daemon/services/page_token.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/stream_observer.h"
#include "daemon/services/update_writer.h"

namespace daytonad {
namespace {

// As in the SDKs, creating a snapshot has no default time limit.
constexpr Clock::Duration kNoLimit = Clock::Duration::zero();

// A response with nothing but the object, or the error.
template <typename Response>
absl::StatusOr<Response> Answer(absl::StatusOr<v1::Snapshot> snapshot) {
  if (!snapshot.ok()) return snapshot.status();
  Response response;
  *response.mutable_snapshot() = *std::move(snapshot);
  return response;
}

// ListSnapshotsRequest and StreamSnapshotsRequest have the same filters.
template <typename Request>
void CheckList(const Request& request, FieldViolations& violations) {
  CheckFitsIntoUrl("name", request.name().size(), violations);
  CheckOneLine("name", request.name(), violations);
  if (!v1::SnapshotSortField_IsValid(request.sort())) {
    violations.Add("sort", absl::StrCat("is no SnapshotSortField: ", static_cast<int>(request.sort())));
  }
  CheckSortOrder(request.order(), violations);
  CheckPageSize(request.page_size(), violations);
  CheckName("source_sandbox", request.source_sandbox(), violations);
}

template <typename Request>
SnapshotListQuery ListQuery(const Request& request) {
  SnapshotListQuery query;
  query.name = request.name();
  query.source_sandbox = request.source_sandbox();
  query.sort = request.sort();
  query.order = request.order();
  query.page_size = request.page_size();
  return query;
}

}  // namespace

Task<absl::StatusOr<v1::CreateSnapshotResponse>> SnapshotHandlers::CreateSnapshot(CallContext context,
                                                                                  v1::CreateSnapshotRequest request) {
  FieldViolations violations;
  CheckSpec(request.spec(), violations);
  SnapshotOperations::CreateOptions options;
  options.timeout = CheckTimeout(request, kNoLimit, violations);
  options.wait = !request.has_wait() || request.wait();
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  v1::CreateSnapshotResponse response;
  options.warnings = response.mutable_warnings();
  absl::StatusOr<v1::Snapshot> snapshot =
      co_await snapshots_.Create(*std::move(mutation), std::move(*request.mutable_spec()), options);
  if (!snapshot.ok()) co_return snapshot.status();
  *response.mutable_snapshot() = *std::move(snapshot);
  co_return response;
}

Task<absl::Status> SnapshotHandlers::CreateSnapshotStream(CallContext context, v1::CreateSnapshotStreamRequest request,
                                                          StreamWriter<v1::CreateSnapshotStreamResponse>* writer) {
  FieldViolations violations;
  CheckSpec(request.spec(), violations);
  CheckNotNegative("log_offset", request.log_offset(), violations);
  SnapshotOperations::CreateOptions options;
  options.timeout = CheckTimeout(request, kNoLimit, violations);
  options.log_offset = request.log_offset();
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  StreamObserver<v1::Snapshot, v1::CreateSnapshotStreamResponse> observer(
      *writer, &v1::CreateSnapshotStreamResponse::mutable_snapshot);
  options.observer = &observer;
  absl::StatusOr<v1::Snapshot> snapshot =
      co_await snapshots_.Create(*std::move(mutation), std::move(*request.mutable_spec()), options);
  if (!snapshot.ok()) co_return snapshot.status();
  v1::CreateSnapshotStreamResponse last;
  *last.mutable_result() = *std::move(snapshot);
  co_return co_await writer->Write(std::move(last));
}

std::optional<CachedObject<v1::Snapshot>> SnapshotHandlers::FindCached(const v1::GetSnapshotRequest& request) const {
  return snapshots_.FindCached(request.snapshot(), MaxAgeOf(request));
}

Task<absl::StatusOr<v1::GetSnapshotResponse>> SnapshotHandlers::GetSnapshot(CallContext context,
                                                                            v1::GetSnapshotRequest request) {
  FieldViolations violations;
  CheckObject("snapshot", request.snapshot(), violations);
  CheckMaxAge(request, violations);
  if (!violations.empty()) co_return violations.ToStatus();

  absl::StatusOr<v1::Snapshot> snapshot =
      co_await snapshots_.Get(std::move(context), std::move(*request.mutable_snapshot()));
  co_return Answer<v1::GetSnapshotResponse>(std::move(snapshot));
}

Task<absl::StatusOr<v1::ListSnapshotsResponse>> SnapshotHandlers::ListSnapshots(CallContext context,
                                                                                v1::ListSnapshotsRequest request) {
  const bool numbered = request.has_page();
  FieldViolations violations;
  CheckList(request, violations);
  CheckMaxAge(request, violations);
  CheckPaging(request, violations);
  if (!violations.empty()) co_return violations.ToStatus();

  // Upstream has numbered pages only. A token contains the page's number and is valid for one page size.
  v1::ListSnapshotsRequest scoped = request;
  scoped.clear_page_token();
  scoped.clear_page();
  scoped.clear_max_age();
  const std::string scope = PageScope(context, scoped);
  int page_number = numbered ? request.page() : 1;
  if (!numbered) {
    absl::StatusOr<std::string> cursor = DecodePageToken(scope, request.page_token());
    if (!cursor.ok()) co_return cursor.status();
    if (!cursor->empty() && !absl::SimpleAtoi(*cursor, &page_number)) {
      violations.Add("page_token", "is broken; use `next_page_token` of the page before, unchanged");
      co_return violations.ToStatus();
    }
  }

  SnapshotListQuery query = ListQuery(request);
  absl::Status resolved = co_await snapshots_.ResolveSource(context, query);
  if (!resolved.ok()) co_return resolved;
  absl::StatusOr<SnapshotPage> page = co_await snapshots_.List(std::move(context), std::move(query), page_number);
  if (!page.ok()) co_return page.status();
  v1::ListSnapshotsResponse response;
  response.mutable_snapshots()->Assign(page->items.begin(), page->items.end());
  if (absl::Status fits = FitPage(*response.mutable_snapshots()); !fits.ok()) co_return fits;
  if (numbered) {
    response.set_total_size(static_cast<int32_t>(page->totals.total_size));
    response.set_page(page->totals.page);
    response.set_total_pages(page->totals.total_pages);
  } else if (page_number < page->totals.total_pages) {
    response.set_next_page_token(EncodePageToken(scope, absl::StrCat(page_number + 1)));
  }
  co_return response;
}

Task<absl::Status> SnapshotHandlers::StreamSnapshots(CallContext context, v1::StreamSnapshotsRequest request,
                                                     StreamWriter<v1::StreamSnapshotsResponse>* writer) {
  FieldViolations violations;
  CheckList(request, violations);
  if (!violations.empty()) co_return violations.ToStatus();

  SnapshotListQuery query = ListQuery(request);
  absl::Status resolved = co_await snapshots_.ResolveSource(context, query);
  if (!resolved.ok()) co_return resolved;
  int pages = 1;
  for (int number = 1; number <= pages; ++number) {
    absl::StatusOr<SnapshotPage> page = co_await snapshots_.List(context, query, number);
    if (!page.ok()) co_return page.status();
    for (v1::Snapshot& snapshot : page->items) {
      v1::StreamSnapshotsResponse message;
      *message.mutable_snapshot() = std::move(snapshot);
      absl::Status written = co_await writer->Write(std::move(message));
      if (!written.ok()) co_return written;
    }
    pages = page->totals.total_pages;
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<v1::ActivateSnapshotResponse>> SnapshotHandlers::ActivateSnapshot(
    CallContext context, v1::ActivateSnapshotRequest request) {
  FieldViolations violations;
  CheckObject("snapshot", request.snapshot(), violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<v1::Snapshot> snapshot =
      co_await snapshots_.Activate(*std::move(mutation), std::move(*request.mutable_snapshot()));
  co_return Answer<v1::ActivateSnapshotResponse>(std::move(snapshot));
}

Task<absl::StatusOr<v1::DeactivateSnapshotResponse>> SnapshotHandlers::DeactivateSnapshot(
    CallContext context, v1::DeactivateSnapshotRequest request) {
  FieldViolations violations;
  CheckObject("snapshot", request.snapshot(), violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<v1::Snapshot> snapshot =
      co_await snapshots_.Deactivate(*std::move(mutation), std::move(*request.mutable_snapshot()));
  co_return Answer<v1::DeactivateSnapshotResponse>(std::move(snapshot));
}

Task<absl::StatusOr<v1::DeleteSnapshotResponse>> SnapshotHandlers::DeleteSnapshot(CallContext context,
                                                                                  v1::DeleteSnapshotRequest request) {
  FieldViolations violations;
  CheckObject("snapshot", request.snapshot(), violations);
  const TimeLimit timeout = CheckTimeout(request, kDefaultWait, violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<std::string> id =
      co_await snapshots_.Delete(*std::move(mutation), std::move(*request.mutable_snapshot()), timeout, request.wait());
  if (!id.ok()) co_return id.status();
  v1::DeleteSnapshotResponse response;
  response.set_snapshot_id(*std::move(id));
  co_return response;
}

Task<absl::Status> SnapshotHandlers::WatchSnapshot(CallContext context, v1::WatchSnapshotRequest request,
                                                   StreamWriter<v1::WatchSnapshotResponse>* writer) {
  FieldViolations violations;
  CheckObject("snapshot", request.snapshot(), violations);
  if (!violations.empty()) co_return violations.ToStatus();
  UpdateWriter<v1::Snapshot, v1::WatchSnapshotResponse> updates(*writer, &v1::WatchSnapshotResponse::mutable_snapshot);
  co_return co_await snapshots_.StreamUpdates(std::move(context), std::move(*request.mutable_snapshot()), updates);
}

}  // namespace daytonad
