#include "daemon/operations/volume/volumes.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absent.h"
#include "daemon/base/error.h"
#include "daemon/base/error_metadata.h"
#include "daemon/base/ids.h"
#include "daemon/operations/base/object_names.h"
#include "daemon/operations/base/outcome.h"
#include "daemon/operations/create/create_identity.h"
#include "daemon/operations/create/settle.h"
#include "daemon/operations/requests/idempotency_store.h"

namespace daytonad {
namespace {

using VolumeResult = absl::StatusOr<v1::Volume>;

std::optional<absl::Status> ReadyOrFailed(const Observation<v1::Volume>& seen) {
  if (!seen.status.ok()) return seen.status;
  if (seen.object->state() == v1::VOLUME_STATE_READY) return absl::OkStatus();
  if (seen.object->state() == v1::VOLUME_STATE_ERROR) return FailedError(*seen.object);
  return std::nullopt;
}

bool IsGoing(const v1::Volume& volume) {
  return volume.state() == v1::VOLUME_STATE_PENDING_DELETE || volume.state() == v1::VOLUME_STATE_DELETING ||
         volume.state() == v1::VOLUME_STATE_DELETED;
}

// The volume as a request identifies it.
v1::Volume Called(const std::string& id_or_name) {
  v1::Volume volume;
  LooksLikeUuid(id_or_name) ? volume.set_id(id_or_name) : volume.set_name(id_or_name);
  return volume;
}

std::optional<absl::Status> GoneOrFailed(const Observation<v1::Volume>& seen) {
  if (!seen.status.ok()) return IsAbsent(seen.status) ? absl::OkStatus() : seen.status;
  const v1::Volume& volume = *seen.object;
  if (volume.state() == v1::VOLUME_STATE_DELETED) return absl::OkStatus();
  if (volume.state() == v1::VOLUME_STATE_ERROR && !volume.error_reason().empty()) return FailedError(volume);
  return std::nullopt;
}

auto NameAndId(const v1::Volume& volume) { return std::tie(volume.name(), volume.id()); }

std::string CursorAfter(const v1::Volume& volume) { return absl::StrCat(volume.id(), "/", volume.name()); }

bool IsAfter(const v1::Volume& volume, const std::string& cursor) {
  const std::pair<std::string, std::string> last = absl::StrSplit(cursor, absl::MaxSplits('/', 1));
  return NameAndId(volume) > std::tie(last.second, last.first);
}

VolumePage PageOf(std::vector<v1::Volume> volumes, const VolumeListQuery& query) {
  std::ranges::sort(volumes, [](const auto& a, const auto& b) { return NameAndId(a) < NameAndId(b); });
  auto next = volumes.begin();
  if (!query.cursor.empty()) {
    next = std::ranges::find_if(volumes, [&](const v1::Volume& volume) { return IsAfter(volume, query.cursor); });
  }
  VolumePage page;
  size_t bytes = 0;
  for (; next != volumes.end() && page.items.size() < query.page_size; ++next) {
    bytes += next->ByteSizeLong();
    if (bytes > query.max_bytes && !page.items.empty()) break;
    page.items.push_back(std::move(*next));
  }
  if (next != volumes.end()) page.next_cursor = CursorAfter(page.items.back());
  return page;
}

}  // namespace

std::string FoundVolume::SerializeAsString() const {
  return absl::StrCat(created ? "+" : "-", volume.SerializeAsString());
}

bool FoundVolume::ParseFromString(const std::string& bytes) {
  if (bytes.empty()) return false;
  created = bytes.front() == '+';
  return volume.ParseFromArray(bytes.data() + 1, static_cast<int>(bytes.size() - 1));
}

Task<VolumeResult> VolumeOperations::WaitFor(WaitContext limits, v1::Volume known, Decide decide,
                                             std::string meanwhile) {
  const auto watch = dependencies_.watches.WatchVolume(known.id());
  Observation<v1::Volume> last;
  last.object = std::make_shared<const v1::Volume>(std::move(known));
  Goal<v1::Volume> goal;
  goal.decide = decide;
  absl::Status status = co_await WaitUntil(clock_, limits, *watch, goal, last);
  if (status.ok()) {
    v1::Volume volume = *last.object;
    KeepName(volume);
    co_return volume;
  }
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, meanwhile), *last.object);
}

Task<VolumeResult> VolumeOperations::Create(CallContext context, std::string name, TimeLimit timeout, bool wait) {
  WaitContext limits(context, clock_, timeout);
  IdempotencyStore::Mutation<v1::Volume> once = [this, name](CallContext own) {
    return CreateNow(std::move(own), name);
  };
  MutationResult<v1::Volume> created;
  absl::Status status = co_await dependencies_.requests.Once(limits.wait, std::move(once), created);
  if (!status.ok()) {
    status =
        ExplainTimeout(std::move(status), limits, clock_, "the request was sent, and the volume may still be made");
    co_return CreateIdentity("volume", name, RequestIdOf(context)).In(std::move(status));
  }
  const bool done = created.concluded || created.object.state() == v1::VOLUME_STATE_READY;
  if (!wait || done) co_return std::move(created.object);
  limits.RequestIsOver();
  VolumeResult ready =
      co_await WaitFor(limits, std::move(created.object), ReadyOrFailed, "the volume is not ready yet");
  if (!ready.ok()) co_return CreateIdentity("volume", name, RequestIdOf(context)).In(ready.status());
  dependencies_.requests.Conclude(context, *ready);
  co_return ready;
}

Task<VolumeResult> VolumeOperations::CreateNow(CallContext context, std::string name) {
  if (std::string id = MutatedEarlier(context); !id.empty()) {
    co_return co_await api_.Run(std::move(context), GetVolume::ById(std::move(id)));
  }
  CreateRequest<v1::Volume> request;
  request.post = [this, name](CallContext call) { return api_.Run(std::move(call), CreateVolume(name)); };
  request.find = [this, name](CallContext call) { return FindByName(std::move(call), name); };
  request.fits = [](const v1::Volume&) { return true; };  // a volume is identified by its name alone
  absl::StatusOr<Made<v1::Volume>> made = co_await CreateOrAdopt(clock_, std::move(context), request);
  if (!made.ok()) co_return made.status();
  co_return std::move(made->object);
}

Task<absl::StatusOr<std::optional<v1::Volume>>> VolumeOperations::FindByName(CallContext context, std::string name) {
  using Found = std::optional<v1::Volume>;
  absl::StatusOr<std::vector<v1::Volume>> volumes = co_await api_.Run(std::move(context), ListVolumes(false));
  if (!volumes.ok()) co_return volumes.status();
  for (v1::Volume& volume : *volumes) {
    if (volume.name() == name) co_return Found(std::move(volume));
  }
  co_return Found();
}

Task<VolumeResult> VolumeOperations::Get(CallContext context, std::string id_or_name) {
  if (LooksLikeUuid(id_or_name)) {
    VolumeResult by_id = co_await api_.Run(context, GetVolume::ById(id_or_name));
    if (by_id.ok()) KeepName(*by_id);
    if (by_id.ok() || !IsAbsent(by_id.status())) co_return by_id;
  }
  co_return co_await api_.Run(std::move(context), GetVolume::ByName(std::move(id_or_name)));
}

Task<absl::Status> VolumeOperations::StreamUpdates(CallContext context, std::string id_or_name,
                                                   UpdateSink<v1::Volume>& sink) {
  // Only once by name: a deleted volume loses it.
  VolumeResult volume = co_await Get(context, std::move(id_or_name));
  if (!volume.ok()) co_return volume.status();
  auto watch = dependencies_.watches.WatchVolume(volume->id());
  co_return co_await WatchToTheEnd(std::move(context), std::move(watch), sink);
}

Task<absl::StatusOr<FoundVolume>> VolumeOperations::GetOrCreate(CallContext context, std::string id_or_name) {
  IdempotencyStore::Mutation<FoundVolume> once = [this, id_or_name](CallContext own) {
    return GetOrCreateNow(std::move(own), id_or_name);
  };
  MutationResult<FoundVolume> result;
  absl::Status status = co_await dependencies_.requests.Once(std::move(context), std::move(once), result);
  // The error's own metadata wins.
  if (!status.ok()) co_return WithMetadataOf(std::move(status), Naming(absl::UnknownError(""), Called(id_or_name)));
  co_return std::move(result.object);
}

Task<absl::StatusOr<FoundVolume>> VolumeOperations::GetOrCreateNow(CallContext context, std::string id_or_name) {
  FoundVolume result;
  VolumeResult volume = co_await Get(context, id_or_name);
  if (const EarlierRequest* const earlier = EarlierOf(context); earlier != nullptr && volume.ok()) {
    result.created = MadeSince(earlier->since)(*volume);
  }
  // A UUID that belongs to no volume is a mistake, not a name.
  if (!volume.ok() && IsAbsent(volume.status()) && !LooksLikeUuid(id_or_name)) {
    volume = co_await CreateNow(context, id_or_name);
    result.created = volume.ok();
    if (absl::IsAlreadyExists(volume.status())) volume = co_await api_.Run(context, GetVolume::ByName(id_or_name));
  }
  if (!volume.ok()) co_return volume.status();
  result.volume = *std::move(volume);
  co_return result;
}

Task<absl::StatusOr<VolumePage>> VolumeOperations::List(CallContext context, VolumeListQuery query) {
  absl::StatusOr<std::vector<v1::Volume>> volumes =
      co_await api_.Run(std::move(context), ListVolumes(query.include_deleted));
  if (!volumes.ok()) co_return volumes.status();
  for (v1::Volume& volume : *volumes) KeepName(volume);
  co_return PageOf(*std::move(volumes), query);
}

Task<absl::StatusOr<std::string>> VolumeOperations::Delete(CallContext context, std::string id_or_name,
                                                           TimeLimit timeout, bool wait) {
  WaitContext limits(context, clock_, timeout);
  const v1::Volume called = Called(id_or_name);
  IdempotencyStore::Mutation<v1::Volume> once = [this, id_or_name = std::move(id_or_name)](CallContext own) {
    return DeleteNow(std::move(own), id_or_name);
  };
  MutationResult<v1::Volume> deleted;
  absl::Status status = co_await dependencies_.requests.Once(limits.wait, std::move(once), deleted);
  if (!status.ok()) {
    status = ExplainTimeout(std::move(status), limits, clock_, "the request was sent; it may still be deleted");
    // What the error tells of itself counts more.
    co_return WithMetadataOf(std::move(status), Naming(absl::UnknownError(""), called));
  }
  const std::string id = deleted.object.id();
  if (!wait || deleted.concluded) co_return id;
  limits.RequestIsOver();
  VolumeResult gone = co_await WaitFor(limits, std::move(deleted.object), GoneOrFailed, "the volume is still there");
  if (!gone.ok()) co_return gone.status();
  dependencies_.requests.Conclude(context, *gone);
  co_return id;
}

Task<VolumeResult> VolumeOperations::DeleteNow(CallContext context, std::string id_or_name) {
  if (std::string id = MutatedEarlier(context); !id.empty()) {
    v1::Volume volume;
    volume.set_id(std::move(id));
    co_return volume;
  }
  VolumeResult deleted = co_await SendDelete(context, id_or_name);
  if (deleted.ok() || !MayHaveMutatedEarlier(context)) co_return deleted;
  // A call before a restart may have deleted it.
  VolumeResult now = co_await Get(std::move(context), id_or_name);
  if (now.ok() && IsGoing(*now)) co_return now;
  if (IsAbsent(now.status())) co_return Called(id_or_name);
  co_return deleted;
}

Task<VolumeResult> VolumeOperations::SendDelete(CallContext context, std::string id_or_name) {
  v1::Volume volume;
  absl::Status deleted = AbsentError("volume", id_or_name);
  if (LooksLikeUuid(id_or_name)) {
    volume.set_id(id_or_name);
    deleted = co_await api_.Run(context, DeleteVolume(id_or_name));
  }
  if (IsAbsent(deleted)) {
    VolumeResult named = co_await api_.Run(context, GetVolume::ByName(std::move(id_or_name)));
    if (!named.ok()) co_return named.status();
    volume = *std::move(named);
    deleted = co_await api_.Run(std::move(context), DeleteVolume(volume.id()));
  }
  if (!deleted.ok()) co_return Naming(std::move(deleted), volume);
  co_return volume;
}

}  // namespace daytonad
