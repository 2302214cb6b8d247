#include "daemon/operations/volumes.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "daemon/base/ids.h"
#include "daemon/operations/outcome.h"

namespace daytonad {
namespace {

using VolumeResult = absl::StatusOr<v1::Volume>;

std::optional<absl::Status> ReadyOrFailed(const absl::Status& looked, v1::Volume& seen) {
  if (!looked.ok()) return looked;
  if (seen.state() == v1::VOLUME_STATE_READY) return absl::OkStatus();
  if (seen.state() == v1::VOLUME_STATE_ERROR) return FailedError(seen);
  return std::nullopt;
}

std::optional<absl::Status> GoneOrFailed(const absl::Status& looked, v1::Volume& seen) {
  if (!looked.ok()) return absl::IsNotFound(looked) ? absl::OkStatus() : looked;
  if (seen.state() == v1::VOLUME_STATE_DELETED) return absl::OkStatus();
  if (seen.state() == v1::VOLUME_STATE_ERROR && !seen.error_reason().empty()) return FailedError(seen);
  return std::nullopt;
}

}  // namespace

Task<VolumeResult> VolumeOperations::WaitUntil(WaitContext context, v1::Volume known, Decide decide,
                                               std::string meanwhile) {
  Poll<v1::Volume> poll;
  poll.look = [this, id = known.id()](CallContext look) { return api_.GetVolumeById(std::move(look), id); };
  poll.decide = decide;
  absl::Status status = co_await PollUntil(clock_, context, poll, known);
  if (status.ok()) co_return known;
  co_return Naming(ExplainTimeout(std::move(status), context, clock_, meanwhile), known);
}

Task<VolumeResult> VolumeOperations::Create(CallContext context, std::string name, Clock::Duration timeout, bool wait) {
  const WaitContext limits(context, clock_, timeout);
  VolumeResult created = co_await api_.CreateVolume(limits.wait, name);
  if (!created.ok()) {
    co_return WithErrorMetadata(
        ExplainTimeout(created.status(), limits, clock_, "the request was sent, and the volume may still be made"),
        "volume_name", name);
  }
  if (!wait || created->state() == v1::VOLUME_STATE_READY) co_return created;
  co_return co_await WaitUntil(limits, *std::move(created), ReadyOrFailed, "the volume is not ready yet");
}

Task<VolumeResult> VolumeOperations::Get(CallContext context, std::string id_or_name) {
  if (LooksLikeUuid(id_or_name)) {
    VolumeResult by_id = co_await api_.GetVolumeById(context, id_or_name);
    if (by_id.ok() || !absl::IsNotFound(by_id.status())) co_return by_id;
  }
  co_return co_await api_.GetVolumeByName(std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<VolumeOperations::GetOrCreateResult>> VolumeOperations::GetOrCreate(CallContext context,
                                                                                        std::string id_or_name) {
  GetOrCreateResult result;
  VolumeResult volume = co_await Get(context, id_or_name);
  // A UUID that is no volume's is a mistake, not a name.
  if (!volume.ok() && absl::IsNotFound(volume.status()) && !LooksLikeUuid(id_or_name)) {
    volume = co_await api_.CreateVolume(context, id_or_name);
    result.created = volume.ok();
    if (absl::IsAlreadyExists(volume.status())) volume = co_await api_.GetVolumeByName(context, id_or_name);
  }
  if (!volume.ok()) co_return volume.status();
  result.volume = *std::move(volume);
  co_return result;
}

Task<absl::StatusOr<std::vector<v1::Volume>>> VolumeOperations::List(CallContext context, bool include_deleted) {
  absl::StatusOr<std::vector<v1::Volume>> volumes = co_await api_.ListVolumes(std::move(context), include_deleted);
  if (volumes.ok()) {
    std::ranges::sort(*volumes, [](const v1::Volume& a, const v1::Volume& b) {
      return std::tie(a.name(), a.id()) < std::tie(b.name(), b.id());
    });
  }
  co_return volumes;
}

Task<absl::StatusOr<std::string>> VolumeOperations::Delete(CallContext context, std::string id_or_name,
                                                           Clock::Duration timeout, bool wait) {
  const WaitContext limits(context, clock_, timeout);
  // Upstream deletes by id only. What looks like an id is tried as one first.
  v1::Volume volume;
  absl::Status deleted = absl::NotFoundError("");
  if (LooksLikeUuid(id_or_name)) {
    volume.set_id(id_or_name);
    deleted = co_await api_.DeleteVolume(limits.wait, id_or_name);
  }
  if (absl::IsNotFound(deleted)) {
    VolumeResult named = co_await api_.GetVolumeByName(limits.wait, std::move(id_or_name));
    if (!named.ok()) co_return ExplainTimeout(named.status(), limits, clock_, "nothing was changed");
    volume = *std::move(named);
    deleted = co_await api_.DeleteVolume(limits.wait, volume.id());
  }
  if (!deleted.ok()) {
    co_return Naming(ExplainTimeout(deleted, limits, clock_, "the request was sent; it may still be deleted"), volume);
  }
  const std::string id = volume.id();
  if (!wait) co_return id;

  VolumeResult result = co_await WaitUntil(limits, std::move(volume), GoneOrFailed, "the volume is still there");
  if (!result.ok()) co_return result.status();
  co_return id;
}

}  // namespace daytonad
