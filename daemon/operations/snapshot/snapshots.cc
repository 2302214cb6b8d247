#include "daemon/operations/snapshot/snapshots.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"
#include "daemon/base/error_metadata.h"
#include "daemon/base/ids.h"
#include "daemon/operations/base/outcome.h"
#include "daemon/operations/base/server_capabilities.h"
#include "daemon/operations/build/image_builder.h"
#include "daemon/operations/create/create_identity.h"
#include "daemon/operations/create/ignored_fields.h"
#include "daemon/operations/create/queue_warnings.h"
#include "daemon/operations/create/settle.h"

namespace daytonad {
namespace {

using SnapshotResult = absl::StatusOr<v1::Snapshot>;

bool HasFailed(const v1::Snapshot& snapshot) {
  return snapshot.state() == v1::SNAPSHOT_STATE_ERROR || snapshot.state() == v1::SNAPSHOT_STATE_BUILD_FAILED;
}

// A snapshot of an image reference is pulled, not built, and has no log.
bool IsBuilding(const v1::Snapshot& snapshot) {
  return snapshot.has_build_info() &&
         (snapshot.state() == v1::SNAPSHOT_STATE_PENDING || snapshot.state() == v1::SNAPSHOT_STATE_BUILDING);
}

// Whether the snapshot matches the request, as far as its fields show.
bool Fits(const v1::Snapshot& snapshot, const v1::SnapshotSpec& spec, const std::optional<ImageBuild>& build) {
  if (build.has_value() != snapshot.has_build_info()) return false;
  if (build.has_value() && snapshot.build_info().dockerfile_content() != build->dockerfile) return false;
  if (!build.has_value() && !snapshot.image_name().empty() && snapshot.image_name() != spec.image()) return false;
  const v1::Resources& wanted = spec.resources();
  return (!wanted.has_cpu() || wanted.cpu() == snapshot.cpu()) &&
         (!wanted.has_memory_gib() || wanted.memory_gib() == snapshot.memory_gib()) &&
         (!wanted.has_disk_gib() || wanted.disk_gib() == snapshot.disk_gib()) &&
         (!wanted.has_gpu() || wanted.gpu() == snapshot.gpu());
}

// The fields of the spec that the server ignored when it made this snapshot: it would tell of them otherwise.
std::vector<std::string> IgnoredFields(const v1::SnapshotSpec& spec, const v1::Snapshot& snapshot) {
  const bool asked = spec.sandbox_class() != v1::SANDBOX_CLASS_UNSPECIFIED || !spec.sandbox_class_text().empty();
  if (asked && snapshot.sandbox_class_text().empty()) return {"spec.sandbox_class"};
  return {};
}

// Servers up to 0.190 ignore the filter and list snapshots of all sources.
bool IgnoresSource(const std::optional<ServerVersion>& server) {
  return server.has_value() && !FiltersSnapshotsBySource(*server);
}

absl::Status SourceIgnoredError() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "PARAMETER_IGNORED",
                   "The server does not know source_sandbox and would list snapshots of other sources, too. Leave it "
                   "out, and filter what is listed.",
                   {{"field", "source_sandbox"}});
}

// The snapshot as a request identifies it.
v1::Snapshot Called(const std::string& id_or_name) {
  v1::Snapshot snapshot;
  if (LooksLikeUuid(id_or_name)) {
    snapshot.set_id(id_or_name);
  } else {
    snapshot.set_name(id_or_name);
  }
  return snapshot;
}

// The snapshot that an earlier call mutated, as far as known.
v1::Snapshot MutatedSnapshot(const CallContext& context) {
  v1::Snapshot snapshot;
  snapshot.set_id(EarlierOf(context)->object_id);
  snapshot.set_name(EarlierOf(context)->object_name);
  return snapshot;
}

// The error of its mutation. The error's own metadata wins.
absl::Status About(const std::string& id_or_name, absl::Status status) {
  return WithMetadataOf(std::move(status), Naming(absl::UnknownError(""), Called(id_or_name)));
}

}  // namespace

Task<SnapshotResult> SnapshotOperations::Create(CallContext context, v1::SnapshotSpec spec, CreateOptions options) {
  const auto shared = std::make_shared<const v1::SnapshotSpec>(std::move(spec));
  const CreateIdentity identity("snapshot", shared->name(), RequestIdOf(context));
  std::unique_ptr<IdentifyingObserver<v1::Snapshot>> observer;
  if (options.observer != nullptr) {
    observer = std::make_unique<IdentifyingObserver<v1::Snapshot>>(identity, *options.observer);
    options.observer = observer.get();
  }
  const std::shared_ptr<QueueWarnings> queue_warnings = QueueWarnings::To(options.observer, dependencies_.executor);
  WaitContext limits(context, clock_, options.timeout, queue_warnings->listener());
  IdempotencyStore::Mutation<v1::Snapshot> once = [this, shared](CallContext own) {
    return CreateNow(std::move(own), shared);
  };
  const auto created = std::make_unique<MutationResult<v1::Snapshot>>();
  absl::Status status = co_await dependencies_.requests.Once(limits.wait, std::move(once), *created);
  co_await queue_warnings->Finish(clock_);
  if (!status.ok()) {
    status =
        ExplainTimeout(std::move(status), limits, clock_, "the request was sent, and the snapshot may still be made");
    co_return identity.In(std::move(status));
  }
  limits.RequestIsOver();
  v1::Snapshot& snapshot = created->object;
  CreateIdentity about = identity;
  about.NoteId(snapshot.id());
  std::vector<v1::Warning> warnings = IgnoredWarnings("snapshot", IgnoredFields(*shared, snapshot));
  for (v1::Warning& warning : warnings) {
    warning = about.In(std::move(warning));
    if (options.observer == nullptr) {
      if (options.warnings != nullptr) *options.warnings->Add() = std::move(warning);
      continue;
    }
    absl::Status told = co_await options.observer->OnWarning(std::move(warning));
    if (!told.ok()) co_return identity.In(std::move(told));
  }
  const bool done = created->concluded && options.observer == nullptr;
  if (!options.wait || done) co_return std::move(snapshot);
  status = co_await WaitUntilActive(limits, snapshot, options);
  if (!status.ok()) co_return identity.In(std::move(status));
  if (!created->concluded) dependencies_.requests.Conclude(context, snapshot);
  co_return std::move(snapshot);
}

Task<SnapshotResult> SnapshotOperations::CreateNow(CallContext context, std::shared_ptr<const v1::SnapshotSpec> spec) {
  if (std::string id = MutatedEarlier(context); !id.empty()) {
    co_return co_await api_.Run(std::move(context), GetSnapshot(std::move(id)));
  }
  absl::StatusOr<std::optional<ImageBuild>> build = co_await dependencies_.images.ForSnapshot(context, *spec);
  if (!build.ok()) co_return build.status();
  absl::StatusOr<BuildTurns::Turn> first = co_await dependencies_.images.turns().Take(clock_, context, *build);
  if (!first.ok()) co_return first.status();
  absl::StatusOr<Made<v1::Snapshot>> made = co_await PostCreate(std::move(context), std::move(spec), *std::move(build));
  if (!made.ok()) co_return made.status();
  first->Accepted();
  co_return std::move(made->object);
}

Task<absl::StatusOr<Made<v1::Snapshot>>> SnapshotOperations::PostCreate(CallContext context,
                                                                        std::shared_ptr<const v1::SnapshotSpec> spec,
                                                                        std::optional<ImageBuild> build) {
  const auto shared_build = std::make_shared<const std::optional<ImageBuild>>(std::move(build));
  CreateRequest<v1::Snapshot> request;
  request.post = [this, spec, shared_build](CallContext call) {
    return api_.Run(std::move(call), CreateSnapshot(*spec, *shared_build));
  };
  request.find = [this, spec](CallContext call) { return FindByName(std::move(call), spec->name()); };
  request.fits = [spec, shared_build](const v1::Snapshot& found) { return Fits(found, *spec, *shared_build); };
  co_return co_await CreateOrAdopt(clock_, std::move(context), request);
}

Task<absl::StatusOr<std::optional<v1::Snapshot>>> SnapshotOperations::FindByName(CallContext context,
                                                                                 std::string name) {
  using Found = std::optional<v1::Snapshot>;
  SnapshotListQuery query;
  query.name = name;
  // The newest first: it was created just now.
  query.sort = v1::SNAPSHOT_SORT_FIELD_CREATED_AT;
  query.order = v1::SORT_ORDER_DESC;
  absl::StatusOr<SnapshotPage> page = co_await api_.Run(std::move(context), ListSnapshots(std::move(query), 1));
  if (!page.ok()) co_return page.status();
  for (v1::Snapshot& item : page->items) {
    if (item.name() == name) co_return Found(std::move(item));
  }
  co_return Found();
}

Task<absl::Status> SnapshotOperations::WaitUntilActive(WaitContext limits, v1::Snapshot& snapshot,
                                                       CreateOptions options) {
  Creation<v1::Snapshot> creation;
  creation.owner = LogOwner::kSnapshot;
  creation.watch = dependencies_.watches.WatchSnapshot(snapshot.id());
  creation.goal.decide = [](const Observation<v1::Snapshot>& seen) -> std::optional<absl::Status> {
    if (!seen.status.ok()) return seen.status;
    if (seen.object->state() == v1::SNAPSHOT_STATE_ACTIVE) return absl::OkStatus();
    if (HasFailed(*seen.object)) return FailedError(*seen.object);
    return std::nullopt;
  };
  creation.building = IsBuilding;
  creation.log_offset = options.log_offset;
  CreationWait<v1::Snapshot> wait(dependencies_.executor, clock_, dependencies_.follower, limits, std::move(creation),
                                  options.observer);
  Observation<v1::Snapshot> last;
  last.object = std::make_shared<const v1::Snapshot>(std::move(snapshot));
  absl::Status status = co_await wait.Run(last);
  snapshot = *last.object;
  if (status.ok()) co_return status;
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, "the snapshot is still being made"), snapshot);
}

Task<SnapshotResult> SnapshotOperations::Get(CallContext context, std::string id_or_name) {
  return api_.Run(std::move(context), GetSnapshot(std::move(id_or_name)));
}

Task<absl::Status> SnapshotOperations::StreamUpdates(CallContext context, std::string id_or_name,
                                                     UpdateSink<v1::Snapshot>& sink) {
  return WatchToTheEnd(std::move(context), dependencies_.watches.WatchSnapshot(std::move(id_or_name)), sink);
}

Task<absl::Status> SnapshotOperations::ResolveSource(CallContext context, SnapshotListQuery& query) {
  if (query.source_sandbox.empty() || LooksLikeUuid(query.source_sandbox)) co_return absl::OkStatus();
  // Without the read terms: they apply to the list.
  const CallContext look = context.WithReadTerms(std::nullopt);
  absl::StatusOr<v1::Sandbox> source = co_await api_.Run(look, GetSandbox(query.source_sandbox));
  if (source.ok()) query.source_sandbox = source->id();
  co_return source.status();
}

Task<absl::StatusOr<SnapshotPage>> SnapshotOperations::List(CallContext context, SnapshotListQuery query, int page) {
  const std::string source = query.source_sandbox;
  if (IgnoresSource(api_.server_version()) && !source.empty()) co_return SourceIgnoredError();
  absl::StatusOr<SnapshotPage> listed = co_await api_.Run(std::move(context), ListSnapshots(std::move(query), page));
  if (!listed.ok() || source.empty()) co_return listed;
  // Its answer may be the first with the server's version; else the items tell.
  const bool all_match =
      std::ranges::all_of(listed->items, [&](const v1::Snapshot& item) { return item.source_sandbox_id() == source; });
  if (IgnoresSource(api_.server_version()) || !all_match) co_return SourceIgnoredError();
  co_return listed;
}

Task<absl::Status> SnapshotOperations::MutateOnce(CallContext context, std::string id_or_name, MutationById mutation,
                                                  MutationResult<v1::Snapshot>& changed) {
  const auto shared = std::make_shared<const MutationById>(std::move(mutation));
  IdempotencyStore::Mutation<v1::Snapshot> once = [this, id_or_name = std::move(id_or_name), shared](CallContext own) {
    return MutateByIdOrName(std::move(own), id_or_name, shared);
  };
  return dependencies_.requests.Once(std::move(context), std::move(once), changed);
}

Task<SnapshotResult> SnapshotOperations::MutateByIdOrName(CallContext context, std::string id_or_name,
                                                          std::shared_ptr<const MutationById> mutation) {
  if (std::string id = MutatedEarlier(context); !id.empty()) {
    SnapshotResult now = co_await api_.Run(context, GetSnapshot(std::move(id)));
    co_return IsAbsent(now.status()) ? SnapshotResult(MutatedSnapshot(context)) : now;
  }
  SnapshotResult changed = co_await SendMutation(context, id_or_name, mutation);
  if (changed.ok() || !MayHaveMutatedEarlier(context)) co_return changed;
  co_return co_await SettleMutation(std::move(context), std::move(id_or_name), mutation->goal, changed.status());
}

Task<SnapshotResult> SnapshotOperations::SendMutation(CallContext context, std::string id_or_name,
                                                      std::shared_ptr<const MutationById> mutation) {
  if (LooksLikeUuid(id_or_name)) {
    SnapshotResult changed = co_await mutation->send(context, id_or_name);
    if (changed.ok() || !IsAbsent(changed.status())) co_return changed;
  }
  SnapshotResult named = co_await api_.Run(context, GetSnapshot(std::move(id_or_name)));
  if (!named.ok()) co_return named.status();
  SnapshotResult changed = co_await mutation->send(std::move(context), named->id());
  if (!changed.ok()) co_return Naming(changed.status(), *named);
  co_return changed;
}

Task<SnapshotResult> SnapshotOperations::SettleMutation(CallContext context, std::string id_or_name,
                                                        v1::SnapshotState goal, absl::Status refused) {
  SnapshotResult now = co_await api_.Run(std::move(context), GetSnapshot(id_or_name));
  if (now.ok() && now->state() == goal) co_return now;
  if (IsAbsent(now.status()) && goal == v1::SNAPSHOT_STATE_REMOVING) co_return Called(id_or_name);
  co_return refused;
}

Task<SnapshotResult> SnapshotOperations::Activate(CallContext context, std::string id_or_name) {
  MutationById mutation;
  mutation.send = [this](CallContext call, std::string id) {
    return api_.Run(std::move(call), ActivateSnapshot(std::move(id)));
  };
  mutation.goal = v1::SNAPSHOT_STATE_ACTIVE;
  MutationResult<v1::Snapshot> changed;
  absl::Status status = co_await MutateOnce(std::move(context), id_or_name, std::move(mutation), changed);
  if (!status.ok()) co_return About(id_or_name, std::move(status));
  co_return std::move(changed.object);
}

Task<SnapshotResult> SnapshotOperations::DeactivateById(CallContext context, std::string id) {
  absl::Status done = co_await api_.Run(std::move(context), DeactivateSnapshot(id));
  if (!done.ok()) co_return done;
  v1::Snapshot snapshot;
  snapshot.set_id(std::move(id));
  co_return snapshot;
}

Task<SnapshotResult> SnapshotOperations::Deactivate(CallContext context, std::string id_or_name) {
  MutationById mutation;
  mutation.send = [this](CallContext call, std::string id) { return DeactivateById(std::move(call), std::move(id)); };
  mutation.goal = v1::SNAPSHOT_STATE_INACTIVE;
  MutationResult<v1::Snapshot> changed;
  absl::Status status = co_await MutateOnce(context, id_or_name, std::move(mutation), changed);
  if (!status.ok()) co_return About(id_or_name, std::move(status));
  if (changed.concluded) co_return std::move(changed.object);
  SnapshotResult now = co_await api_.Run(context, GetSnapshot(changed.object.id()));
  if (now.ok()) dependencies_.requests.Conclude(context, *now);
  co_return now;
}

Task<SnapshotResult> SnapshotOperations::DeleteById(CallContext context, std::string id) {
  absl::Status done = co_await api_.Run(std::move(context), DeleteSnapshot(id));
  if (!done.ok()) co_return done;
  v1::Snapshot snapshot;
  snapshot.set_id(std::move(id));
  co_return snapshot;
}

Task<absl::StatusOr<std::string>> SnapshotOperations::Delete(CallContext context, std::string id_or_name,
                                                             TimeLimit timeout, bool wait) {
  WaitContext limits(context, clock_, timeout);
  MutationById mutation;
  mutation.send = [this](CallContext call, std::string id) { return DeleteById(std::move(call), std::move(id)); };
  mutation.goal = v1::SNAPSHOT_STATE_REMOVING;
  MutationResult<v1::Snapshot> changed;
  absl::Status status = co_await MutateOnce(limits.wait, id_or_name, std::move(mutation), changed);
  if (!status.ok()) {
    status = ExplainTimeout(std::move(status), limits, clock_, "the request was sent; it may still be deleted");
    co_return About(id_or_name, std::move(status));
  }
  const std::string id = changed.object.id();
  if (!wait || changed.concluded) co_return id;
  limits.RequestIsOver();

  const auto watch = dependencies_.watches.WatchSnapshot(id);
  Observation<v1::Snapshot> last;
  last.object = std::make_shared<const v1::Snapshot>(changed.object);
  Goal<v1::Snapshot> goal;
  // Not deleted yet: a failed snapshot passes through REMOVING, so an error state only counts after that.
  goal.decide = [removing = false](const Observation<v1::Snapshot>& seen) mutable -> std::optional<absl::Status> {
    if (!seen.status.ok()) return IsAbsent(seen.status) ? absl::OkStatus() : seen.status;
    if (seen.object->state() == v1::SNAPSHOT_STATE_REMOVING) removing = true;
    if (removing && HasFailed(*seen.object)) return FailedError(*seen.object);
    return std::nullopt;
  };
  status = co_await WaitUntil(clock_, limits, *watch, goal, last);
  if (!status.ok()) {
    co_return Naming(ExplainTimeout(std::move(status), limits, clock_, "the snapshot is still there"), *last.object);
  }
  dependencies_.requests.Conclude(context, changed.object);
  co_return id;
}

}  // namespace daytonad
