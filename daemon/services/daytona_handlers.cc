#include "daemon/services/daytona_handlers.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "daemon/api/cursor_walk.h"
#include "daemon/services/checks/request_checks.h"
#include "daemon/services/checks/spec_checks.h"
#include "daemon/services/page_limit.h"
#include "daemon/services/page_token.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/stream_observer.h"
#include "daemon/services/update_writer.h"

namespace daytonad {
namespace {

// Every error of a create names the sandbox and the request id, validation errors included.
template <typename Request>
absl::Status Refused(const Request& request, absl::Status status) {
  if (!request.request_id().empty()) {
    status = WithErrorMetadata(std::move(status), "request_id", request.request_id());
  }
  if (!request.spec().name().empty()) {
    status = WithErrorMetadata(std::move(status), "sandbox_name", request.spec().name());
  }
  return status;
}

template <typename Request>
std::shared_ptr<v1::SandboxSpec> TakeSpec(Request& request) {
  return std::make_shared<v1::SandboxSpec>(std::move(*request.mutable_spec()));
}

SandboxListQuery ListQuery(v1::SandboxFilter filter, v1::SandboxSortField sort, v1::SortOrder order, int page_size) {
  SandboxListQuery query;
  query.filter = std::move(filter);
  query.sort = sort;
  query.order = order;
  query.page_size = page_size;
  return query;
}

// A response with nothing but the object, or the error.
template <typename Response>
absl::StatusOr<Response> Answer(absl::StatusOr<v1::Sandbox> sandbox) {
  if (!sandbox.ok()) return sandbox.status();
  Response response;
  *response.mutable_sandbox() = *std::move(sandbox);
  return response;
}

template <typename Response>
Task<absl::StatusOr<Encoded<Response>>> Refuse(absl::Status status) {
  co_return status;
}

// A response with nothing but the object. The object is shared with other callers, so it is encoded directly.
template <typename Response>
Task<absl::StatusOr<Encoded<Response>>> AnswerShared(Task<SandboxOperations::SharedResult> result) {
  const SandboxOperations::SharedResult sandbox = co_await std::move(result);
  if (!sandbox.ok()) co_return sandbox.status();
  Encoded<Response> response;
  response.bytes = EncodeField(Response::kSandboxFieldNumber, **sandbox);
  co_return response;
}

}  // namespace

Task<absl::StatusOr<v1::CreateSandboxResponse>> DaytonaHandlers::CreateSandbox(CallContext context,
                                                                               v1::CreateSandboxRequest request) {
  FieldViolations violations;
  CheckSpec(request.spec(), violations);
  SandboxOperations::CreateOptions options;
  options.timeout = CheckTimeout(request, kDefaultWait, violations);
  options.wait = !request.has_wait() || request.wait();
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return Refused(request, mutation.status());

  v1::CreateSandboxResponse response;
  options.warnings = response.mutable_warnings();
  SandboxOperations::SharedResult sandbox =
      co_await sandboxes_.Create(*std::move(mutation), TakeSpec(request), options);
  if (!sandbox.ok()) co_return sandbox.status();
  *response.mutable_sandbox() = **sandbox;
  co_return response;
}

Task<absl::Status> DaytonaHandlers::CreateSandboxStream(CallContext context, v1::CreateSandboxStreamRequest request,
                                                        StreamWriter<v1::CreateSandboxStreamResponse>* writer) {
  FieldViolations violations;
  CheckSpec(request.spec(), violations);
  CheckNotNegative("log_offset", request.log_offset(), violations);
  SandboxOperations::CreateOptions options;
  options.timeout = CheckTimeout(request, kDefaultWait, violations);
  options.log_offset = request.log_offset();
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return Refused(request, mutation.status());

  StreamObserver<v1::Sandbox, v1::CreateSandboxStreamResponse> observer(
      *writer, &v1::CreateSandboxStreamResponse::mutable_sandbox);
  options.observer = &observer;
  SandboxOperations::SharedResult sandbox =
      co_await sandboxes_.Create(*std::move(mutation), TakeSpec(request), options);
  if (!sandbox.ok()) co_return sandbox.status();
  v1::CreateSandboxStreamResponse last;
  *last.mutable_result() = **sandbox;
  co_return co_await writer->Write(std::move(last));
}

std::optional<CachedObject<v1::Sandbox>> DaytonaHandlers::FindCached(const v1::GetSandboxRequest& request) const {
  return sandboxes_.FindCached(request.sandbox(), MaxAgeOf(request));
}

Task<absl::StatusOr<v1::GetSandboxResponse>> DaytonaHandlers::GetSandbox(CallContext context,
                                                                         v1::GetSandboxRequest request) {
  FieldViolations violations;
  CheckObject("sandbox", request.sandbox(), violations);
  CheckMaxAge(request, violations);
  if (!violations.empty()) co_return violations.ToStatus();

  absl::StatusOr<v1::Sandbox> sandbox =
      co_await sandboxes_.Get(std::move(context), std::move(*request.mutable_sandbox()));
  co_return Answer<v1::GetSandboxResponse>(std::move(sandbox));
}

Task<absl::StatusOr<v1::FindSandboxResponse>> DaytonaHandlers::FindSandbox(CallContext context,
                                                                           v1::FindSandboxRequest request) {
  FieldViolations violations;
  CheckMaxAge(request, violations);
  if (!request.sandbox().empty()) {
    CheckObject("sandbox", request.sandbox(), violations);
  } else if (request.labels().empty()) {
    violations.Add("sandbox", "or labels must be given: without either, any sandbox would match");
  }
  CheckFitsIntoUrl("labels", request.ByteSizeLong(), violations);
  CheckLabels("labels", request.labels(), violations);
  if (!violations.empty()) co_return violations.ToStatus();

  absl::StatusOr<v1::Sandbox> sandbox;
  if (!request.sandbox().empty()) {
    sandbox = co_await sandboxes_.Get(std::move(context), std::move(*request.mutable_sandbox()));
  } else {
    sandbox = co_await sandboxes_.FindByLabels(std::move(context), std::move(*request.mutable_labels()));
  }
  co_return Answer<v1::FindSandboxResponse>(std::move(sandbox));
}

Task<absl::StatusOr<v1::ListSandboxesResponse>> DaytonaHandlers::ListSandboxes(CallContext context,
                                                                               v1::ListSandboxesRequest request) {
  const bool numbered = request.has_page();
  const Paging paging = numbered ? Paging::kNumbered : Paging::kToken;
  FieldViolations violations;
  CheckFilter(request.filter(), paging, violations);
  CheckMaxAge(request, violations);
  CheckSort(request.sort(), paging, violations);
  CheckSortOrder(request.order(), violations);
  CheckPageSize(request.page_size(), violations);
  CheckPaging(request, violations);
  if (!violations.empty()) co_return violations.ToStatus();
  if (numbered) co_return co_await ListByPage(std::move(context), std::move(request));
  co_return co_await ListByToken(std::move(context), std::move(request));
}

Task<absl::StatusOr<v1::ListSandboxesResponse>> DaytonaHandlers::ListByPage(CallContext context,
                                                                            v1::ListSandboxesRequest request) {
  SandboxListQuery query =
      ListQuery(std::move(*request.mutable_filter()), request.sort(), request.order(), request.page_size());
  absl::StatusOr<NumberedSandboxPage> page =
      co_await sandboxes_.ListByPage(std::move(context), std::move(query), request.page());
  if (!page.ok()) co_return page.status();
  v1::ListSandboxesResponse response;
  response.mutable_sandboxes()->Assign(page->items.begin(), page->items.end());
  if (absl::Status fits = FitPage(*response.mutable_sandboxes()); !fits.ok()) co_return fits;
  response.set_page(request.page());
  if (page->totals.has_value()) {
    response.set_total_size(static_cast<int32_t>(page->totals->total_size));
    response.set_total_pages(page->totals->total_pages);
  }
  co_return response;
}

Task<absl::StatusOr<v1::ListSandboxesResponse>> DaytonaHandlers::ListByToken(CallContext context,
                                                                             v1::ListSandboxesRequest request) {
  v1::ListSandboxesRequest scoped = request;
  scoped.clear_page_token();
  scoped.clear_page_size();
  scoped.clear_max_age();
  const std::string scope = PageScope(context, scoped);
  absl::StatusOr<std::string> cursor = DecodePageToken(scope, request.page_token());
  if (!cursor.ok()) co_return cursor.status();
  SandboxListQuery query =
      ListQuery(std::move(*request.mutable_filter()), request.sort(), request.order(), request.page_size());
  absl::StatusOr<SandboxPage> page = co_await sandboxes_.List(context, query, *cursor);
  // A page that is too large is read again with fewer items. The next page begins where this one ends.
  while (page.ok() && page->items.size() > 1 && PageBytes(page->items) > kMaxPageBytes) {
    query.page_size = static_cast<int>(page->items.size() / 2);
    page = co_await sandboxes_.List(context, query, *cursor);
  }
  if (!page.ok()) co_return page.status();
  v1::ListSandboxesResponse response;
  response.mutable_sandboxes()->Assign(page->items.begin(), page->items.end());
  if (!page->next_cursor.empty()) response.set_next_page_token(EncodePageToken(scope, page->next_cursor));
  co_return response;
}

Task<absl::StatusOr<v1::StartSandboxResponse>> DaytonaHandlers::StartSandbox(CallContext context,
                                                                             v1::StartSandboxRequest request) {
  FieldViolations violations;
  CheckObject("sandbox", request.sandbox(), violations);
  const TimeLimit timeout = CheckTimeout(request, kDefaultWait, violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<v1::Sandbox> sandbox = co_await sandboxes_.Start(
      *std::move(mutation), std::move(*request.mutable_sandbox()), timeout, !request.has_wait() || request.wait());
  co_return Answer<v1::StartSandboxResponse>(std::move(sandbox));
}

Task<absl::StatusOr<v1::StopSandboxResponse>> DaytonaHandlers::StopSandbox(CallContext context,
                                                                           v1::StopSandboxRequest request) {
  FieldViolations violations;
  CheckObject("sandbox", request.sandbox(), violations);
  const TimeLimit timeout = CheckTimeout(request, kDefaultWait, violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<v1::Sandbox> sandbox =
      co_await sandboxes_.Stop(*std::move(mutation), std::move(*request.mutable_sandbox()), timeout,
                               !request.has_wait() || request.wait(), request.force());
  co_return Answer<v1::StopSandboxResponse>(std::move(sandbox));
}

Task<absl::StatusOr<v1::DeleteSandboxResponse>> DaytonaHandlers::DeleteSandbox(CallContext context,
                                                                               v1::DeleteSandboxRequest request) {
  FieldViolations violations;
  CheckObject("sandbox", request.sandbox(), violations);
  const TimeLimit timeout = CheckTimeout(request, kDefaultWait, violations);
  absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
  if (!mutation.ok()) co_return mutation.status();

  absl::StatusOr<v1::Sandbox> sandbox =
      co_await sandboxes_.Delete(*std::move(mutation), std::move(*request.mutable_sandbox()), timeout, request.wait());
  co_return Answer<v1::DeleteSandboxResponse>(std::move(sandbox));
}

// Not a coroutine: its frame would hold the request while the call waits.
Task<absl::StatusOr<Encoded<v1::WaitSandboxResponse>>> DaytonaHandlers::WaitSandbox(CallContext context,
                                                                                    v1::WaitSandboxRequest request) {
  FieldViolations violations;
  CheckObject("sandbox", request.sandbox(), violations);
  const TimeLimit timeout = CheckTimeout(request, kDefaultWait, violations);
  if (request.states().empty() && request.state_texts().empty()) {
    violations.Add("states", "or state_texts is required: name at least one state to wait for");
  }
  std::vector<v1::SandboxState> states;
  for (const int state : request.states()) {
    if (state == v1::SANDBOX_STATE_UNSPECIFIED || !v1::SandboxState_IsValid(state)) {
      violations.Add("states", absl::StrCat("has no state of number ", state,
                                            "; a state that the enum does not know goes into state_texts"));
    } else if (const auto known = static_cast<v1::SandboxState>(state);
               std::ranges::find(states, known) == states.end()) {
      states.push_back(known);
    }
  }
  for (int i = 0; i < request.state_texts_size(); ++i) {
    const std::string field = absl::StrCat("state_texts[", i, "]");
    if (request.state_texts(i).empty()) violations.Add(field, "is empty; give a state in upstream's spelling");
    CheckName(field, request.state_texts(i), violations);
  }
  if (!violations.empty()) return Refuse<v1::WaitSandboxResponse>(violations.ToStatus());
  std::vector<std::string> texts(request.state_texts().begin(), request.state_texts().end());
  WantedStates wanted(std::move(states), std::move(texts));
  return AnswerShared<v1::WaitSandboxResponse>(sandboxes_.WaitFor(
      std::move(context), std::move(*request.mutable_sandbox()), std::move(wanted), timeout.duration()));
}

Task<absl::Status> DaytonaHandlers::WatchSandbox(CallContext context, v1::WatchSandboxRequest request,
                                                 StreamWriter<v1::WatchSandboxResponse>* writer) {
  FieldViolations violations;
  CheckObject("sandbox", request.sandbox(), violations);
  if (!violations.empty()) co_return violations.ToStatus();
  UpdateWriter<v1::Sandbox, v1::WatchSandboxResponse> updates(*writer, &v1::WatchSandboxResponse::mutable_sandbox);
  co_return co_await sandboxes_.StreamUpdates(std::move(context), std::move(*request.mutable_sandbox()), updates);
}

Task<absl::Status> DaytonaHandlers::StreamSandboxes(CallContext context, v1::StreamSandboxesRequest request,
                                                    StreamWriter<v1::StreamSandboxesResponse>* writer) {
  FieldViolations violations;
  CheckFilter(request.filter(), Paging::kToken, violations);
  CheckSort(request.sort(), Paging::kToken, violations);
  CheckSortOrder(request.order(), violations);
  CheckPageSize(request.page_size(), violations);
  if (!violations.empty()) co_return violations.ToStatus();

  const SandboxListQuery query =
      ListQuery(std::move(*request.mutable_filter()), request.sort(), request.order(), request.page_size());
  CursorWalk walk;
  absl::flat_hash_set<std::string> sent;  // objects move between pages while they are read, so that pages overlap
  std::string cursor;
  do {
    absl::StatusOr<SandboxPage> page = co_await sandboxes_.List(context, query, std::move(cursor));
    if (!page.ok()) co_return page.status();
    const size_t sent_before = sent.size();
    for (v1::Sandbox& sandbox : page->items) {
      if (!sent.insert(sandbox.id()).second) continue;
      v1::StreamSandboxesResponse message;
      *message.mutable_sandbox() = std::move(sandbox);
      absl::Status written = co_await writer->Write(std::move(message));
      if (!written.ok()) co_return written;
    }
    cursor = std::move(page->next_cursor);
    if (absl::Status status = walk.Take(cursor, sent.size() > sent_before); !status.ok()) co_return status;
  } while (!cursor.empty());
  co_return absl::OkStatus();
}

}  // namespace daytonad
