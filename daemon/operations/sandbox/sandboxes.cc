#include "daemon/operations/sandbox/sandboxes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/api/cursor_walk.h"
#include "daemon/base/absent.h"
#include "daemon/base/error_metadata.h"
#include "daemon/base/ids.h"
#include "daemon/operations/base/object_names.h"
#include "daemon/operations/base/outcome.h"
#include "daemon/operations/base/server_capabilities.h"
#include "daemon/operations/base/waiting.h"
#include "daemon/operations/create/create_identity.h"
#include "daemon/operations/create/settle.h"
#include "daemon/operations/sandbox/sandbox_spec_fields.h"
#include "daemon/operations/sandbox/sandbox_states.h"

namespace daytonad {
namespace {

using SandboxResult = absl::StatusOr<v1::Sandbox>;

// Page size of the search for labels. Usually the first sandbox matches.
constexpr int kFindPage = 10;

bool Contains(const std::vector<v1::SandboxState>& states, v1::SandboxState state) {
  return std::ranges::find(states, state) != states.end();
}

bool ChangeInProgress(const absl::Status& status) { return ErrorReason(status) == "STATE_CHANGE_IN_PROGRESS"; }

absl::Status StillInProgress(const absl::Status& status, const v1::Sandbox& sandbox) {
  return Naming(WithErrorMessage(status, absl::StrCat(status.message(),
                                                      " The time limit was reached before that one ended, and nothing "
                                                      "was changed.")),
                sandbox);
}

// The sandbox as a request identifies it.
v1::Sandbox Called(const std::string& id_or_name) {
  v1::Sandbox sandbox;
  if (LooksLikeUuid(id_or_name)) {
    sandbox.set_id(id_or_name);
  } else {
    sandbox.set_name(id_or_name);
  }
  return sandbox;
}

// The sandbox that a call deleted before a restart.
v1::Sandbox DestroyedEarlier(const CallContext& context) {
  v1::Sandbox sandbox;
  sandbox.set_id(EarlierOf(context)->object_id);
  sandbox.set_name(EarlierOf(context)->object_name);
  MarkDestroyed(sandbox);
  return sandbox;
}

absl::Status FilterError(const std::vector<std::string>& filters) {
  if (filters.empty()) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "PARAMETER_IGNORED",
      absl::StrCat("The server does not know ", absl::StrJoin(filters, ", "),
                   " and would list sandboxes that do not match. Leave it out, and filter what is listed."),
      {{"field", absl::StrJoin(filters, ",")}});
}

// Whether the server has no numbered list. Such a server may also take its path for a sandbox with that name.
bool IsListMissing(const absl::Status& status) {
  return absl::IsUnimplemented(status) || absl::IsNotFound(status) ||
         ErrorReason(status) == "UPSTREAM_MALFORMED_RESPONSE";
}

bool HasAll(const v1::Sandbox& sandbox, const google::protobuf::Map<std::string, std::string>& labels) {
  return std::ranges::all_of(labels, [&](const auto& label) {
    const auto found = sandbox.labels().find(label.first);
    return found != sandbox.labels().end() && found->second == label.second;
  });
}

}  // namespace

// --- Reads ---

std::optional<CachedObject<v1::Sandbox>> SandboxOperations::FindCached(const std::string& id_or_name,
                                                                       std::optional<Clock::Duration> max_age) const {
  std::optional<CachedObject<v1::Sandbox>> cached = dependencies_.cached.FindSandbox(id_or_name, max_age);
  if (cached.has_value() && IsRenamed(*cached->object)) return std::nullopt;  // Get() restores its name
  return cached;
}

Task<SandboxResult> SandboxOperations::Get(CallContext context, std::string id_or_name) {
  SandboxResult sandbox = co_await api_.Run(std::move(context), GetSandbox(std::move(id_or_name)));
  if (sandbox.ok()) KeepName(*sandbox);
  co_return sandbox;
}

Task<absl::Status> SandboxOperations::StreamUpdates(CallContext context, std::string id_or_name,
                                                    UpdateSink<v1::Sandbox>& sink) {
  return WatchToTheEnd(std::move(context), dependencies_.watches.WatchSandbox(std::move(id_or_name)), sink);
}

Task<SandboxResult> SandboxOperations::FindByLabels(CallContext context,
                                                    google::protobuf::Map<std::string, std::string> labels) {
  SandboxListQuery query;
  *query.filter.mutable_labels() = labels;
  query.page_size = kFindPage;
  // Lists always go upstream, and so do the reads that complete them.
  const CallContext asking = context.WithReadTerms(std::nullopt);
  std::string cursor;
  CursorWalk walk;
  do {
    absl::StatusOr<SandboxPage> page = co_await api_.Run(context, ListSandboxes(query, cursor));
    if (!page.ok()) co_return page.status();
    for (const v1::Sandbox& item : page->items) {
      // Items are partial and lag: the sandbox may be gone, or have other labels by now.
      SandboxResult whole = co_await api_.Run(asking, GetSandbox(item.id()));
      if (!whole.ok() && !IsAbsent(whole.status())) co_return whole.status();
      if (whole.ok() && whole->state() != v1::SANDBOX_STATE_DESTROYED && HasAll(*whole, labels)) {
        KeepName(*whole);
        co_return whole;
      }
    }
    cursor = std::move(page->next_cursor);
    if (absl::Status goes_on = walk.Take(cursor, !page->items.empty()); !goes_on.ok()) co_return goes_on;
  } while (!cursor.empty());
  co_return MakeError(absl::StatusCode::kNotFound, "SANDBOX_NOT_FOUND", "No sandbox has all of these labels.");
}

Task<absl::StatusOr<SandboxPage>> SandboxOperations::List(CallContext context, SandboxListQuery query,
                                                          std::string cursor) {
  const v1::SandboxFilter filter = query.filter;
  absl::Status known = FilterError(FiltersUnknownTo(api_.server_version(), filter));
  if (!known.ok()) co_return known;
  absl::StatusOr<SandboxPage> page =
      co_await api_.Run(std::move(context), ListSandboxes(std::move(query), std::move(cursor)));
  if (!page.ok()) co_return page;
  // Its answer may be the first with the server's version; else the items tell.
  known = FilterError(FiltersUnknownTo(api_.server_version(), filter));
  if (known.ok()) known = FilterError(IgnoredFilters(api_.server_version(), filter, page->items));
  if (!known.ok()) co_return known;
  for (v1::Sandbox& item : page->items) KeepName(item);
  co_return page;
}

Task<absl::StatusOr<NumberedSandboxPage>> SandboxOperations::ListByPage(CallContext context, SandboxListQuery query,
                                                                        int page) {
  const std::optional<ServerVersion> server = api_.server_version();
  const bool too_new = server.has_value() && !HasNumberedSandboxList(*server);
  if (!too_new && !no_numbered_list_) {
    absl::StatusOr<NumberedSandboxPage> numbered = co_await api_.Run(context, ListSandboxesByPage(query, page));
    const bool missing = !numbered.ok() && IsListMissing(numbered.status());
    if (numbered.ok()) {
      for (v1::Sandbox& item : numbered->items) KeepName(item);
    }
    if (!missing) co_return numbered;
    no_numbered_list_ = absl::IsUnimplemented(numbered.status());
  }
  co_return co_await WalkToPage(std::move(context), std::move(query), page);
}

Task<absl::StatusOr<NumberedSandboxPage>> SandboxOperations::WalkToPage(CallContext context, SandboxListQuery query,
                                                                        int page) {
  switch (query.sort) {
    case v1::SANDBOX_SORT_FIELD_UNSPECIFIED:
      query.sort = v1::SANDBOX_SORT_FIELD_CREATED_AT;  // as the numbered list does
      break;
    case v1::SANDBOX_SORT_FIELD_ID:
    case v1::SANDBOX_SORT_FIELD_STATE:
    case v1::SANDBOX_SORT_FIELD_SNAPSHOT:
    case v1::SANDBOX_SORT_FIELD_TARGET:
    case v1::SANDBOX_SORT_FIELD_UPDATED_AT:
      co_return MakeError(absl::StatusCode::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM",
                          "This server has no list with numbered pages any more, and its other list can't be sorted by "
                          "this. Sort by name, creation or last activity.",
                          {{"field", "sort"}});
    default:
      break;
  }
  NumberedSandboxPage result;
  std::string cursor;
  CursorWalk walk;
  for (int at = 1; at <= page; ++at) {
    absl::StatusOr<SandboxPage> walked = co_await List(context, query, cursor);
    if (!walked.ok()) co_return walked.status();
    if (at == page) result.items = std::move(walked->items);
    cursor = std::move(walked->next_cursor);
    if (absl::Status goes_on = walk.Take(cursor, /*anything_new=*/true); !goes_on.ok()) co_return goes_on;
    if (cursor.empty()) break;
  }
  co_return result;
}

std::unique_ptr<Watch<v1::Sandbox>> SandboxOperations::Watching(const v1::Sandbox& known) const {
  return dependencies_.watches.WatchSandbox(known.id().empty() ? known.name() : known.id());
}

Task<SandboxOperations::SharedResult> SandboxOperations::WaitForState(WaitContext limits,
                                                                      std::shared_ptr<const v1::Sandbox> known,
                                                                      WantedStates wanted) {
  const auto watch = Watching(*known);
  Observation<v1::Sandbox> last;
  last.object = std::move(known);
  Goal<v1::Sandbox> goal;
  goal.decide = DecideByState(std::move(wanted));
  absl::Status status = co_await WaitUntil(clock_, limits, *watch, goal, last);
  if (status.ok()) co_return WithKeptName(ObjectOf(last));
  status = co_await WhyGone(limits.call, last.object, std::move(status));
  const std::string& state = last.object->state_text();
  const std::string now = absl::StrCat("the sandbox's state is ", state.empty() ? std::string("not known") : state);
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, now), *last.object);
}

Task<SandboxOperations::SharedResult> SandboxOperations::WaitFor(CallContext context, std::string id_or_name,
                                                                 WantedStates wanted, Clock::Duration timeout) {
  const WaitContext limits(context, clock_, timeout);
  return WaitForState(limits, std::make_shared<const v1::Sandbox>(Called(id_or_name)), std::move(wanted));
}

v1::Sandbox SandboxOperations::Known(const std::string& id_or_name) const {
  constexpr auto kAnyAge = std::chrono::hours(24 * 365);
  v1::Sandbox known = Called(id_or_name);
  const std::optional<CachedObject<v1::Sandbox>> cached = dependencies_.cached.FindSandbox(id_or_name, kAnyAge);
  if (!cached.has_value()) return known;
  known.set_id(cached->object->id());
  known.set_name(cached->object->name());
  return known;
}

Task<absl::Status> SandboxOperations::WhyGone(CallContext context, std::shared_ptr<const v1::Sandbox> last,
                                              absl::Status status) {
  if (!IsAbsent(status) && ErrorReason(status) != "WRONG_STATE") co_return status;
  std::optional<absl::Status> why = GivenUpError(*last);
  if (!why.has_value() && !last->id().empty()) {
    // A sandbox that upstream gave up can be read for a day, by id only.
    const SandboxResult now = co_await api_.Run(std::move(context), GetSandbox(last->id()));
    if (now.ok()) why = GivenUpError(*now);
  }
  co_return why.value_or(std::move(status));
}

// --- Mutations ---

Task<SandboxResult> SandboxOperations::Start(CallContext context, std::string id_or_name, TimeLimit timeout,
                                             bool wait) {
  Mutation mutation;
  mutation.send = [this](CallContext call, std::string sandbox) {
    return api_.Run(std::move(call), StartSandbox(std::move(sandbox)));
  };
  mutation.goal = {v1::SANDBOX_STATE_STARTED};
  mutation.way = {v1::SANDBOX_STATE_STARTING, v1::SANDBOX_STATE_RESUMING, v1::SANDBOX_STATE_RESTORING};
  return MutateAndWait(std::move(context), std::move(id_or_name), std::move(mutation), timeout, wait,
                       "the request was sent; it may still start");
}

Task<SandboxResult> SandboxOperations::Stop(CallContext context, std::string id_or_name, TimeLimit timeout, bool wait,
                                            bool force) {
  Mutation mutation;
  mutation.send = [this, force](CallContext call, std::string sandbox) {
    return api_.Run(std::move(call), StopSandbox(std::move(sandbox), force));
  };
  // An ephemeral sandbox is deleted when it stops.
  mutation.goal = {v1::SANDBOX_STATE_STOPPED, v1::SANDBOX_STATE_DESTROYED};
  mutation.way = {v1::SANDBOX_STATE_STOPPING, v1::SANDBOX_STATE_DESTROYING};
  return MutateAndWait(std::move(context), std::move(id_or_name), std::move(mutation), timeout, wait,
                       "the request was sent; it may still stop");
}

Task<SandboxResult> SandboxOperations::Delete(CallContext context, std::string id_or_name, TimeLimit timeout,
                                              bool wait) {
  return MutateAndWait(std::move(context), std::move(id_or_name), DeleteMutation(), timeout, wait,
                       "the request was sent; it may still be deleted");
}

SandboxOperations::Mutation SandboxOperations::DeleteMutation() {
  Mutation mutation;
  mutation.send = [this](CallContext call, std::string sandbox) {
    return api_.Run(std::move(call), DeleteSandbox(std::move(sandbox)));
  };
  mutation.goal = {v1::SANDBOX_STATE_DESTROYED};
  mutation.way = {v1::SANDBOX_STATE_DESTROYING};
  return mutation;
}

Task<SandboxResult> SandboxOperations::MutateAndWait(CallContext context, std::string id_or_name, Mutation mutation,
                                                     TimeLimit timeout, bool wait, std::string meanwhile) {
  WaitContext limits(context, clock_, timeout);
  const auto shared = std::make_shared<const Mutation>(std::move(mutation));
  // Before the mutation: while one is under way, nothing is answered from memory.
  auto known = std::make_shared<const v1::Sandbox>(Known(id_or_name));
  IdempotencyStore::Mutation<v1::Sandbox> once = [this, id_or_name = std::move(id_or_name), shared](CallContext own) {
    return MutateWhenStable(std::move(own), id_or_name, shared);
  };
  MutationResult<v1::Sandbox> changed;
  absl::Status status = co_await dependencies_.requests.Once(limits.wait, std::move(once), changed);
  if (!status.ok()) {
    if (Contains(shared->goal, v1::SANDBOX_STATE_STARTED))
      status = co_await WhyGone(limits.call, known, std::move(status));
    // The error's own metadata wins.
    co_return WithMetadataOf(ExplainTimeout(std::move(status), limits, clock_, meanwhile),
                             Naming(absl::UnknownError(""), *known));
  }
  KeepName(changed.object);
  if (!wait || changed.concluded || Contains(shared->goal, changed.object.state())) co_return std::move(changed.object);
  limits.RequestIsOver();
  known = std::make_shared<const v1::Sandbox>(std::move(changed.object));
  WantedStates goal(shared->goal);
  SharedResult reached = co_await WaitForState(limits, std::move(known), std::move(goal));
  if (!reached.ok()) co_return reached.status();
  dependencies_.requests.Conclude(context, **reached);
  co_return **reached;
}

Task<SandboxResult> SandboxOperations::MutateWhenStable(CallContext context, std::string id_or_name,
                                                        std::shared_ptr<const Mutation> mutation) {
  if (std::string id = MutatedEarlier(context); !id.empty()) {
    SandboxResult now = co_await api_.Run(context, GetSandbox(std::move(id)));
    const bool gone = IsAbsent(now.status()) && Contains(mutation->goal, v1::SANDBOX_STATE_DESTROYED);
    co_return gone ? SandboxResult(DestroyedEarlier(context)) : now;
  }
  PollBackoff backoff{PollPolicy()};
  v1::Sandbox latest;
  latest.set_name(id_or_name);
  while (true) {
    std::string target = latest.id().empty() ? latest.name() : latest.id();
    SandboxResult answer = co_await mutation->send(context, std::move(target));
    if (OutcomeUnknown(answer.status())) {
      co_return co_await SettleMutation(std::move(context), std::move(latest), std::move(mutation), answer.status());
    }
    if (!ChangeInProgress(answer.status())) {
      if (answer.ok() || !MayHaveMutatedEarlier(context)) co_return answer;
      co_return co_await SettleMutation(std::move(context), std::move(latest), std::move(mutation), answer.status());
    }
    absl::Status slept = co_await clock_.Sleep(context, backoff.Next());
    if (absl::IsDeadlineExceeded(slept)) co_return StillInProgress(answer.status(), latest);
    if (!slept.ok()) co_return slept;

    const auto watch = Watching(latest);
    Observation<v1::Sandbox> last;
    last.object = std::make_shared<const v1::Sandbox>(std::move(latest));
    Goal<v1::Sandbox> stable;
    stable.decide = DecideWhenStable(Contains(mutation->goal, v1::SANDBOX_STATE_DESTROYED));
    const WaitContext until(context, clock_, Clock::Duration::zero());
    absl::Status waited = co_await WaitUntil(clock_, until, *watch, stable, last);
    latest = *ObjectOf(last);
    if (absl::IsDeadlineExceeded(waited)) co_return StillInProgress(answer.status(), latest);
    if (!waited.ok()) co_return waited;
    // The other mutation had the same goal.
    if (Contains(mutation->goal, latest.state())) co_return latest;
  }
}

Task<SandboxResult> SandboxOperations::SettleMutation(CallContext context, v1::Sandbox known,
                                                      std::shared_ptr<const Mutation> mutation, absl::Status lost) {
  std::string target = known.id().empty() ? known.name() : known.id();
  SandboxResult now = co_await api_.Run(std::move(context), GetSandbox(std::move(target)));
  if (now.ok()) {
    const bool made = Contains(mutation->goal, now->state()) || Contains(mutation->way, now->state());
    if (made) co_return now;
    co_return Naming(lost, *now);
  }
  if (!IsAbsent(now.status()) || !Contains(mutation->goal, v1::SANDBOX_STATE_DESTROYED)) co_return lost;
  MarkDestroyed(known);
  co_return known;
}

}  // namespace daytonad
