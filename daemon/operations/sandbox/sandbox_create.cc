#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/absent.h"
#include "daemon/net/http/http_client.h"
#include "daemon/operations/base/object_names.h"
#include "daemon/operations/base/outcome.h"
#include "daemon/operations/build/image_builder.h"
#include "daemon/operations/create/create_identity.h"
#include "daemon/operations/create/ignored_fields.h"
#include "daemon/operations/create/queue_warnings.h"
#include "daemon/operations/create/settle.h"
#include "daemon/operations/sandbox/sandbox_spec_fields.h"
#include "daemon/operations/sandbox/sandbox_states.h"
#include "daemon/operations/sandbox/sandboxes.h"

namespace daytonad {
namespace {

using SandboxResult = absl::StatusOr<v1::Sandbox>;

// The time limit for deleting a sandbox that should not have been created, whatever the call's deadline.
constexpr auto kUndoLimit = std::chrono::minutes(2);

CreateIdentity IdentityOf(const v1::SandboxSpec& spec, const std::string& request_id) {
  return CreateIdentity("sandbox", spec.name(), request_id);
}

std::vector<v1::Warning> SpecWarnings(const v1::SandboxSpec& spec) {
  if (!spec.ephemeral() || spec.auto_delete_minutes() == 0) return {};
  v1::Warning warning;
  warning.set_reason("AUTO_DELETE_OVERRIDDEN");
  warning.set_message(
      "The sandbox is ephemeral: it is deleted as soon as it stops, whatever auto_delete_minutes says.");
  return {warning};
}

absl::Status IgnoredError(const std::vector<std::string>& fields, const std::string& what_is_left) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "PARAMETER_IGNORED",
      absl::StrCat("The server ignores ", absl::StrJoin(fields, ", "), ", and the spec is strict. ", what_is_left),
      {{"field", absl::StrJoin(fields, ",")}});
}

// Forwards warnings to the observer or the list.
Task<absl::Status> Warn(CreateIdentity identity, SandboxOperations::CreateOptions options,
                        std::vector<v1::Warning> warnings) {
  for (v1::Warning& warning : warnings) {
    warning = identity.In(std::move(warning));
    if (options.observer == nullptr) {
      if (options.warnings != nullptr) *options.warnings->Add() = std::move(warning);
      continue;
    }
    absl::Status told = co_await options.observer->OnWarning(std::move(warning));
    if (!told.ok()) co_return told;
  }
  co_return absl::OkStatus();
}

std::string WhatIsLeft(const CallContext& context, const absl::Status& status) {
  if (DeliveryOf(status) == Delivery::kNotSent) return "nothing was sent, too many creates wait";
  if (ErrorMetadataValue(status, "http_status") == "409") {
    return "nothing was made: Daytona keeps saying that the name is taken, and nothing has it";
  }
  if (!OutcomeUnknown(status)) return "nothing was made";
  if (context.request_key() != nullptr) {
    return "the request was sent, and the sandbox may still come up; call again with the same request_id to learn of "
           "it";
  }
  return "the request was sent, and the sandbox may still come up";
}

}  // namespace

SandboxOperations::NameFrom SandboxOperations::NameIfUnnamed(v1::SandboxSpec& spec, std::string& request_id) {
  if (!spec.name().empty()) return NameFrom::kCaller;
  const bool is_new = request_id.empty();
  if (is_new) request_id = NewRequestId();
  spec.set_name(NameFromRequestId(request_id));
  return is_new ? NameFrom::kDaemon : NameFrom::kRequestId;
}

Task<SandboxOperations::SharedResult> SandboxOperations::Create(CallContext context,
                                                                std::shared_ptr<v1::SandboxSpec> spec,
                                                                CreateOptions options) {
  std::string request_id = RequestIdOf(context);
  const NameFrom name_from = NameIfUnnamed(*spec, request_id);
  std::unique_ptr<IdentifyingObserver<v1::Sandbox>> observer;
  if (options.observer != nullptr) {
    observer = std::make_unique<IdentifyingObserver<v1::Sandbox>>(IdentityOf(*spec, request_id), *options.observer);
    options.observer = observer.get();
  }
  const std::shared_ptr<QueueWarnings> queue_warnings = QueueWarnings::To(options.observer, dependencies_.executor);
  WaitContext limits(context, clock_, options.timeout, queue_warnings->listener());
  absl::Status status = co_await Warn(IdentityOf(*spec, request_id), options, SpecWarnings(*spec));
  if (!status.ok()) co_return IdentityOf(*spec, request_id).In(std::move(status));

  const auto created = std::make_shared<MutationResult<v1::Sandbox>>();
  IdempotencyStore::Mutation<v1::Sandbox> once = [this, spec, name_from](CallContext own) {
    return CreateNow(std::move(own), spec, name_from);
  };
  status = co_await dependencies_.requests.Once(limits.wait, std::move(once), *created);
  co_await queue_warnings->Finish(clock_);
  if (!status.ok()) {
    const std::string left = WhatIsLeft(context, status);
    // Last, so that every error has it.
    co_return IdentityOf(*spec, request_id).In(ExplainTimeout(std::move(status), limits, clock_, left));
  }
  limits.RequestIsOver();
  const std::shared_ptr<const v1::Sandbox> made(created, &created->object);
  if (auto ignored = IgnoredFields(api_.server_version(), *spec, *made); !ignored.empty()) {
    CreateIdentity identity = IdentityOf(*spec, request_id);
    identity.NoteId(made->id());
    status = co_await Warn(std::move(identity), options, IgnoredWarnings("sandbox", ignored));
    if (!status.ok()) co_return Naming(std::move(status), *made);
  }
  spec.reset();  // free it: the wait may be long
  // A sandbox from a warm pool is ready at once; any other answer is outdated by now.
  const bool up = made->state() == v1::SANDBOX_STATE_STARTED && options.observer == nullptr;
  if (!options.wait || up) co_return made;
  SharedResult sandbox = co_await WaitUntilUp(limits, made, options);
  if (!sandbox.ok()) co_return CreateIdentity("sandbox", made->name(), request_id).In(sandbox.status());
  if (!created->concluded) dependencies_.requests.Conclude(context, **sandbox);
  co_return sandbox;
}

Task<SandboxResult> SandboxOperations::CreateNow(CallContext context, std::shared_ptr<const v1::SandboxSpec> spec,
                                                 NameFrom name_from) {
  if (std::string id = MutatedEarlier(context); !id.empty()) {
    co_return co_await api_.Run(std::move(context), GetSandbox(std::move(id)));
  }
  // Every answer contains the identity.
  if (spec->strict() && !api_.server_version().has_value()) (co_await api_.Ping(context)).IgnoreError();
  std::vector<std::string> ignored = FieldsUnknownTo(api_.server_version(), *spec);
  if (spec->strict() && !ignored.empty()) co_return IgnoredError(ignored, "Nothing was made.");
  absl::StatusOr<Made<v1::Sandbox>> made = co_await PostInTurn(context, spec, name_from);
  if (!made.ok()) co_return made.status();
  const std::vector<std::string> unknown = FieldsUnknownTo(api_.server_version(), *spec);
  ignored = IgnoredFields(api_.server_version(), *spec, made->object);
  if (ignored != unknown) {
    // The answer to a create may lack fields that a read has.
    SandboxResult read = co_await api_.Run(context, GetSandbox(made->object.id()));
    ignored = read.ok() ? IgnoredFields(api_.server_version(), *spec, *read) : unknown;
    if (read.ok()) made->object = *std::move(read);
  }
  if (spec->strict() && !ignored.empty()) {
    co_return co_await UndoIgnoring(std::move(context), *std::move(made), std::move(ignored));
  }
  co_return std::move(made->object);
}

Task<absl::Status> SandboxOperations::UndoIgnoring(CallContext context, Made<v1::Sandbox> made,
                                                   std::vector<std::string> ignored) {
  if (made.adopted) {
    co_return Naming(IgnoredError(ignored, "The sandbox was there already, and was left as it is."), made.object);
  }
  const auto mutation = std::make_shared<const Mutation>(DeleteMutation());
  const CallContext own = context.Detached(clock_.Now() + kUndoLimit);
  SandboxResult deleted = co_await MutateWhenStable(own, made.object.id(), mutation);
  if (deleted.ok() || IsAbsent(deleted.status())) {
    co_return Naming(IgnoredError(ignored, "The sandbox that was made was deleted again."), made.object);
  }
  const std::string left =
      absl::StrCat("The sandbox that was made is still there, since it can't be deleted: ", deleted.status().message());
  co_return Naming(IgnoredError(ignored, left), made.object);
}

Task<absl::StatusOr<Made<v1::Sandbox>>> SandboxOperations::PostInTurn(CallContext context,
                                                                      std::shared_ptr<const v1::SandboxSpec> spec,
                                                                      NameFrom name_from) {
  absl::StatusOr<std::optional<ImageBuild>> build = co_await dependencies_.images.ForSandbox(context, *spec);
  if (!build.ok()) co_return build.status();
  absl::StatusOr<BuildTurns::Turn> first = co_await dependencies_.images.turns().Take(clock_, context, *build);
  if (!first.ok()) co_return WithDelivery(first.status(), Delivery::kNotSent);
  const absl::StatusOr<Admission::Permit> turn = co_await CreateTurn(context);
  if (!turn.ok()) co_return WithDelivery(turn.status(), Delivery::kNotSent);
  absl::StatusOr<Made<v1::Sandbox>> made =
      co_await PostCreate(std::move(context), std::move(spec), name_from, *std::move(build));
  if (made.ok()) first->Accepted();
  co_return made;
}

Task<absl::StatusOr<Admission::Permit>> SandboxOperations::CreateTurn(CallContext context) {
  if (create_turns_.free()) co_return co_await create_turns_.Acquire(std::move(context));
  const QueueWait wait("", clock_.Now());
  const QueueWaitScope waiting(context, clock_, wait);
  while (true) {
    const Clock::TimePoint queue_until = context.queue_until(clock_.Now());
    absl::StatusOr<Admission::Permit> turn = co_await create_turns_.Acquire(context.WithDeadline(queue_until));
    // A caller with a later deadline may have joined.
    const bool too_late = absl::IsDeadlineExceeded(turn.status()) && context.queue_until(clock_.Now()) <= queue_until;
    if (turn.ok() || too_late || !absl::IsDeadlineExceeded(turn.status())) co_return turn;
  }
}

Task<absl::StatusOr<Made<v1::Sandbox>>> SandboxOperations::PostCreate(CallContext context,
                                                                      std::shared_ptr<const v1::SandboxSpec> spec,
                                                                      NameFrom name_from,
                                                                      std::optional<ImageBuild> build) {
  const auto shared_build = std::make_shared<const std::optional<ImageBuild>>(std::move(build));
  CreateRequest<v1::Sandbox> request;
  request.post = [this, spec, shared_build](CallContext call) {
    return api_.Run(std::move(call), CreateSandbox(*spec, *shared_build));
  };
  request.find = [this, spec](CallContext call) { return FindByName(std::move(call), spec->name()); };
  request.fits = [this, spec, shared_build, name_from](const v1::Sandbox& found) {
    // A name that was generated for this call belongs to nobody else.
    return name_from == NameFrom::kDaemon || FitsSpec(found, *spec, *shared_build, api_.server_version());
  };
  request.name_is_ours = name_from != NameFrom::kCaller;
  absl::StatusOr<Made<v1::Sandbox>> answer = co_await CreateOrAdopt(clock_, context, request);
  // Upstream says that the new sandbox failed, but not which one it is.
  if (ErrorReason(answer.status()) == "SANDBOX_FAILED") {
    const std::optional<v1::Sandbox> failed = co_await FindSoon(clock_, std::move(context), request);
    if (failed.has_value()) co_return Naming(answer.status(), *failed);
  }
  co_return answer;
}

Task<absl::StatusOr<std::optional<v1::Sandbox>>> SandboxOperations::FindByName(CallContext context, std::string name) {
  using Found = std::optional<v1::Sandbox>;
  SandboxListQuery query;
  query.filter.set_name_prefix(name);
  query.sort = v1::SANDBOX_SORT_FIELD_NAME;
  query.order = v1::SORT_ORDER_ASC;  // among names with this prefix, the name itself comes first
  absl::StatusOr<SandboxPage> page = co_await api_.Run(context, ListSandboxes(std::move(query), ""));
  if (!page.ok()) co_return page.status();
  for (const v1::Sandbox& item : page->items) {
    if (item.name() != name) continue;
    SandboxResult whole = co_await api_.Run(std::move(context), GetSandbox(item.id()));
    if (!whole.ok() && !IsAbsent(whole.status())) co_return whole.status();
    // Or the list lagged: a deleted sandbox has lost its name.
    co_return whole.ok() && whole->name() == name ? Found(*std::move(whole)) : Found();
  }
  co_return Found();
}

Task<SandboxOperations::SharedResult> SandboxOperations::WaitUntilUp(WaitContext limits,
                                                                     std::shared_ptr<const v1::Sandbox> made,
                                                                     CreateOptions options) {
  Creation<v1::Sandbox> creation;
  creation.owner = LogOwner::kSandbox;
  creation.watch = Watching(*made);
  creation.goal.decide = DecideByState(WantedStates({v1::SANDBOX_STATE_STARTED}));
  creation.building = IsBuilding;
  creation.log_offset = options.log_offset;
  CreationWait<v1::Sandbox> wait(dependencies_.executor, clock_, dependencies_.follower, limits, std::move(creation),
                                 options.observer);
  Observation<v1::Sandbox> last;
  last.object = std::move(made);
  absl::Status status = co_await wait.Run(last);
  if (status.ok()) co_return last.object;
  status = co_await WhyGone(limits.call, last.object, std::move(status));
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, "the sandbox is still coming up"), *last.object);
}

}  // namespace daytonad
