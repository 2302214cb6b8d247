#include "daemon/operations/snapshots.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/ids.h"
#include "daemon/operations/image.h"
#include "daemon/operations/outcome.h"

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

}  // namespace

Task<SnapshotResult> SnapshotOperations::Create(CallContext context, v1::SnapshotSpec spec, CreateOptions options) {
  const WaitContext limits(context, clock_, options.timeout);
  absl::StatusOr<std::optional<ImageBuild>> build = BuildOf(spec);
  if (!build.ok()) co_return build.status();
  const std::string name = spec.name();
  NewSnapshot request{std::move(spec), *std::move(build)};

  SnapshotResult created = co_await api_.CreateSnapshot(limits.wait, std::move(request));
  if (!created.ok()) {
    co_return WithErrorMetadata(
        ExplainTimeout(created.status(), limits, clock_, "the request was sent, and the snapshot may still be made"),
        "snapshot_name", name);
  }
  if (!options.wait) co_return created;

  const auto latest = std::make_unique<v1::Snapshot>(*std::move(created));
  Creation<v1::Snapshot> creation;
  creation.owner = LogOwner::kSnapshot;
  creation.poll.look = [this, id = latest->id()](CallContext look) { return api_.GetSnapshot(std::move(look), id); };
  creation.poll.decide = [](const absl::Status& looked, v1::Snapshot& seen) -> std::optional<absl::Status> {
    if (!looked.ok()) return looked;
    if (seen.state() == v1::SNAPSHOT_STATE_ACTIVE) return absl::OkStatus();
    if (HasFailed(seen)) return FailedError(seen);
    return std::nullopt;
  };
  creation.building = IsBuilding;
  creation.log_offset = options.log_offset;
  CreationWait<v1::Snapshot> wait(executor_, clock_, follower_, limits, std::move(creation), options.observer);
  absl::Status status = co_await wait.Run(*latest);
  if (status.ok()) co_return std::move(*latest);
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, "the snapshot is still being made"), *latest);
}

Task<SnapshotResult> SnapshotOperations::Get(CallContext context, std::string id_or_name) {
  return api_.GetSnapshot(std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<SnapshotPage>> SnapshotOperations::List(CallContext context, SnapshotListQuery query, int page) {
  // Upstream filters by id only.
  if (!query.source_sandbox.empty() && !LooksLikeUuid(query.source_sandbox)) {
    absl::StatusOr<v1::Sandbox> source = co_await api_.GetSandbox(context, query.source_sandbox);
    if (!source.ok()) co_return source.status();
    query.source_sandbox = source->id();
  }
  co_return co_await api_.ListSnapshots(std::move(context), std::move(query), page);
}

Task<absl::StatusOr<std::string>> SnapshotOperations::ChangeByIdOrName(CallContext context, std::string id_or_name,
                                                                       ChangeById change) {
  if (LooksLikeUuid(id_or_name)) {
    absl::Status changed = co_await change(context, id_or_name);
    if (changed.ok()) co_return id_or_name;
    if (!absl::IsNotFound(changed)) co_return changed;
  }
  SnapshotResult named = co_await api_.GetSnapshot(context, std::move(id_or_name));
  if (!named.ok()) co_return named.status();
  absl::Status changed = co_await change(context, named->id());
  if (!changed.ok()) co_return Naming(changed, *named);
  co_return named->id();
}

Task<SnapshotResult> SnapshotOperations::Activate(CallContext context, std::string id_or_name) {
  // The change's own answer is the result.
  const auto answer = std::make_shared<v1::Snapshot>();
  auto activate = [](Api& api, std::shared_ptr<v1::Snapshot> result, CallContext call,
                     std::string id) -> Task<absl::Status> {
    SnapshotResult activated = co_await api.ActivateSnapshot(std::move(call), std::move(id));
    if (activated.ok()) *result = *std::move(activated);
    co_return activated.status();
  };
  ChangeById change = [this, answer, activate](CallContext call, std::string id) {
    return activate(api_, answer, std::move(call), std::move(id));
  };
  absl::StatusOr<std::string> id =
      co_await ChangeByIdOrName(std::move(context), std::move(id_or_name), std::move(change));
  if (!id.ok()) co_return id.status();
  co_return std::move(*answer);
}

Task<SnapshotResult> SnapshotOperations::Deactivate(CallContext context, std::string id_or_name) {
  ChangeById change = [this](CallContext call, std::string id) {
    return api_.DeactivateSnapshot(std::move(call), std::move(id));
  };
  absl::StatusOr<std::string> id = co_await ChangeByIdOrName(context, std::move(id_or_name), std::move(change));
  if (!id.ok()) co_return id.status();
  co_return co_await api_.GetSnapshot(std::move(context), *std::move(id));
}

Task<absl::StatusOr<std::string>> SnapshotOperations::Delete(CallContext context, std::string id_or_name,
                                                             Clock::Duration timeout, bool wait) {
  const WaitContext limits(context, clock_, timeout);
  ChangeById change = [this](CallContext call, std::string id) {
    return api_.DeleteSnapshot(std::move(call), std::move(id));
  };
  absl::StatusOr<std::string> id = co_await ChangeByIdOrName(limits.wait, std::move(id_or_name), std::move(change));
  if (!id.ok()) {
    co_return ExplainTimeout(id.status(), limits, clock_, "the request was sent; it may still be deleted");
  }
  if (!wait) co_return id;

  v1::Snapshot latest;
  latest.set_id(*id);
  Poll<v1::Snapshot> poll;
  poll.look = [this, id = *id](CallContext look) { return api_.GetSnapshot(std::move(look), id); };
  // Still there: a failed snapshot that is being removed passes through REMOVING, so an error state only counts after
  // that.
  poll.decide = [removing = false](const absl::Status& looked,
                                   v1::Snapshot& seen) mutable -> std::optional<absl::Status> {
    if (!looked.ok()) return absl::IsNotFound(looked) ? absl::OkStatus() : looked;
    if (seen.state() == v1::SNAPSHOT_STATE_REMOVING) removing = true;
    if (removing && HasFailed(seen)) return FailedError(seen);
    return std::nullopt;
  };
  absl::Status status = co_await PollUntil(clock_, limits, poll, latest);
  if (status.ok()) co_return id;
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, "the snapshot is still there"), latest);
}

}  // namespace daytonad
