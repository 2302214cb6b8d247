#include "daemon/state/shared_api.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"

namespace daytonad {
namespace {

const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

std::string IdIn(const absl::Status&) { return ""; }
template <typename T>
std::string IdIn(const absl::StatusOr<T>& result) {
  return result.ok() ? result->id() : "";
}

// The keys by which a read may ask for this object; empty if the object is not cached.
template <typename T>
std::vector<std::string> KeysOf(ObjectCache<T>& cache, const std::string& id_or_name) {
  const Known<T>* const object = cache.Find(id_or_name);
  if (object == nullptr) return {};
  return {id_or_name, object->object->id(), object->object->name()};
}

template <typename T>
void Forget(SingleFlight<T>& reads, const std::vector<std::string>& keys) {
  if (keys.empty()) reads.ForgetAll();
  for (const std::string& key : keys) reads.Forget(key);
}

// Volumes are read by id or by name; the caller says which.
std::string VolumeId(const std::string& id) { return absl::StrCat("id/", id); }
std::string VolumeName(const std::string& name) { return absl::StrCat("name/", name); }

// Two lists with the same key are the same request.
std::string KeyOf(const SandboxListQuery& query, const std::string& position) {
  std::string key = absl::StrJoin({static_cast<int>(query.sort), static_cast<int>(query.order), query.page_size}, ",");
  absl::StrAppend(&key, "/", position.size(), "/", position);
  {
    google::protobuf::io::StringOutputStream stream(&key);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // otherwise the order of labels is random
    query.filter.SerializeToCodedStream(&coded);
  }
  return key;
}

std::string KeyOf(const SnapshotListQuery& query, int page) {
  return absl::StrCat(static_cast<int>(query.sort), ",", static_cast<int>(query.order), ",", query.page_size, ",", page,
                      ",", query.name.size(), "/", query.name, query.source_sandbox);
}

}  // namespace

SharedApi::SharedApi(Api& inner, ObjectCaches& caches, Executor executor, Clock& clock, SharedApiOptions options)
    : ForwardingApi(inner),
      caches_(caches),
      executor_(executor),
      clock_(clock),
      options_(options),
      sandbox_reads_(executor, clock, options.read_limit),
      snapshot_reads_(executor, clock, options.read_limit),
      volume_reads_(executor, clock, options.read_limit),
      sandbox_lists_(executor, clock, options.read_limit),
      numbered_sandbox_lists_(executor, clock, options.read_limit),
      snapshot_lists_(executor, clock, options.read_limit),
      volume_lists_(executor, clock, options.read_limit) {}

template <typename Owner, typename T, typename... Params>
typename Flight<T>::Work SharedApi::Bind(Task<T> (Owner::*method)(CallContext, Params...),
                                         std::type_identity_t<Params>... args) {
  Owner* const owner = &inner_;
  return [owner, method, ... args = std::move(args)](CallContext context) mutable {
    return (owner->*method)(std::move(context), std::move(args)...);
  };
}

template <typename T>
Task<T> SharedApi::RunMutation(CallContext context, ForgetOld forget, typename Flight<T>::Work work) {
  forget("");
  ++mutations_;
  T result = co_await work(context);
  if (--mutations_ == 0) std::exchange(settled_, Event()).Fire();
  forget(IdIn(result));
  if (context.cancelled()) {
    Log(LogLevel::kInfo, context, "a mutation was answered after its caller had left",
        {{"outcome", StatusOf(result).ok() ? "done" : StatusOf(result).ToString()}});
  }
  co_return result;
}

template <typename Owner, typename T, typename... Params>
Task<T> SharedApi::Mutate(ForgetOld forget, Task<T> (Owner::*method)(CallContext, Params...), CallContext context,
                          std::type_identity_t<Params>... args) {
  typename Flight<T>::Work work = [this, forget = std::move(forget),
                                   call = Bind(method, std::move(args)...)](CallContext own) mutable {
    return RunMutation<T>(std::move(own), std::move(forget), std::move(call));
  };
  // A caller with a later deadline may wait longer in the queue of a rate limit.
  const Clock::TimePoint limit = std::max(context.latest_deadline(), clock_.Now() + options_.mutation_limit);
  auto flight = Flight<T>::Start(executor_, context, limit, std::move(work));
  // The outcome under a request id is recorded, so wait for it.
  if (context.request_key() != nullptr) return Flight<T>::JoinToTheEnd(std::move(flight), clock_, std::move(context));
  return Flight<T>::Join(std::move(flight), clock_, std::move(context));
}

SharedApi::ForgetOld SharedApi::OldSandboxReads(std::vector<std::string> keys) {
  return [this, keys = std::move(keys)](const std::string& answered_id) {
    sandbox_lists_.ForgetAll();
    numbered_sandbox_lists_.ForgetAll();
    Forget(sandbox_reads_, keys);
    sandbox_reads_.Forget(answered_id);
  };
}

SharedApi::ForgetOld SharedApi::OldSnapshotReads(std::vector<std::string> keys) {
  return [this, keys = std::move(keys)](const std::string& answered_id) {
    snapshot_lists_.ForgetAll();
    Forget(snapshot_reads_, keys);
    snapshot_reads_.Forget(answered_id);
  };
}

SharedApi::ForgetOld SharedApi::OldVolumeReads(std::vector<std::string> keys) {
  std::vector<std::string> of_both;
  for (const std::string& key : keys) {
    of_both.push_back(VolumeId(key));
    of_both.push_back(VolumeName(key));
  }
  return [this, keys = std::move(of_both)](const std::string& answered_id) {
    volume_lists_.ForgetAll();
    Forget(volume_reads_, keys);
    volume_reads_.Forget(VolumeId(answered_id));
  };
}

// --- Reads that are shared ---

Task<absl::StatusOr<v1::Sandbox>> SharedApi::GetSandbox(CallContext context, std::string id_or_name) {
  return sandbox_reads_.Do(std::move(context), id_or_name, Bind(&SandboxApi::GetSandbox, id_or_name));
}

Task<absl::StatusOr<v1::Snapshot>> SharedApi::GetSnapshot(CallContext context, std::string id_or_name) {
  return snapshot_reads_.Do(std::move(context), id_or_name, Bind(&SnapshotApi::GetSnapshot, id_or_name));
}

Task<absl::StatusOr<v1::Volume>> SharedApi::GetVolumeById(CallContext context, std::string id) {
  return volume_reads_.Do(std::move(context), VolumeId(id), Bind(&VolumeApi::GetVolumeById, id));
}

Task<absl::StatusOr<v1::Volume>> SharedApi::GetVolumeByName(CallContext context, std::string name) {
  return volume_reads_.Do(std::move(context), VolumeName(name), Bind(&VolumeApi::GetVolumeByName, name));
}

Task<absl::StatusOr<SandboxPage>> SharedApi::ListSandboxes(CallContext context, SandboxListQuery query,
                                                           std::string cursor) {
  std::string key = KeyOf(query, cursor);
  return sandbox_lists_.Do(std::move(context), std::move(key),
                           Bind(&SandboxApi::ListSandboxes, std::move(query), std::move(cursor)));
}

Task<absl::StatusOr<NumberedSandboxPage>> SharedApi::ListSandboxesByPage(CallContext context, SandboxListQuery query,
                                                                         int page) {
  std::string key = KeyOf(query, std::to_string(page));
  return numbered_sandbox_lists_.Do(std::move(context), std::move(key),
                                    Bind(&SandboxApi::ListSandboxesByPage, std::move(query), page));
}

Task<absl::StatusOr<SnapshotPage>> SharedApi::ListSnapshots(CallContext context, SnapshotListQuery query, int page) {
  std::string key = KeyOf(query, page);
  return snapshot_lists_.Do(std::move(context), std::move(key),
                            Bind(&SnapshotApi::ListSnapshots, std::move(query), page));
}

Task<absl::StatusOr<std::vector<v1::Volume>>> SharedApi::ListVolumes(CallContext context, bool include_deleted) {
  return volume_lists_.Do(std::move(context), include_deleted ? "all" : "present",
                          Bind(&VolumeApi::ListVolumes, include_deleted));
}

// --- Mutations ---

Task<absl::StatusOr<v1::Sandbox>> SharedApi::CreateSandbox(CallContext context, NewSandbox sandbox) {
  ForgetOld forget = OldSandboxReads({sandbox.spec.name()});
  return Mutate(std::move(forget), &SandboxApi::CreateSandbox, std::move(context), std::move(sandbox));
}

Task<absl::StatusOr<v1::Sandbox>> SharedApi::StartSandbox(CallContext context, std::string id_or_name) {
  ForgetOld forget = OldSandboxReads(KeysOf(caches_.sandboxes, id_or_name));
  return Mutate(std::move(forget), &SandboxApi::StartSandbox, std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<v1::Sandbox>> SharedApi::StopSandbox(CallContext context, std::string id_or_name, bool force) {
  ForgetOld forget = OldSandboxReads(KeysOf(caches_.sandboxes, id_or_name));
  return Mutate(std::move(forget), &SandboxApi::StopSandbox, std::move(context), std::move(id_or_name), force);
}

Task<absl::StatusOr<v1::Sandbox>> SharedApi::DeleteSandbox(CallContext context, std::string id_or_name) {
  ForgetOld forget = OldSandboxReads(KeysOf(caches_.sandboxes, id_or_name));
  return Mutate(std::move(forget), &SandboxApi::DeleteSandbox, std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<v1::Snapshot>> SharedApi::CreateSnapshot(CallContext context, NewSnapshot snapshot) {
  ForgetOld forget = OldSnapshotReads({snapshot.spec.name()});
  return Mutate(std::move(forget), &SnapshotApi::CreateSnapshot, std::move(context), std::move(snapshot));
}

Task<absl::StatusOr<v1::Snapshot>> SharedApi::ActivateSnapshot(CallContext context, std::string id) {
  ForgetOld forget = OldSnapshotReads(KeysOf(caches_.snapshots, id));
  return Mutate(std::move(forget), &SnapshotApi::ActivateSnapshot, std::move(context), std::move(id));
}

Task<absl::Status> SharedApi::DeactivateSnapshot(CallContext context, std::string id) {
  ForgetOld forget = OldSnapshotReads(KeysOf(caches_.snapshots, id));
  return Mutate(std::move(forget), &SnapshotApi::DeactivateSnapshot, std::move(context), std::move(id));
}

Task<absl::Status> SharedApi::DeleteSnapshot(CallContext context, std::string id) {
  ForgetOld forget = OldSnapshotReads(KeysOf(caches_.snapshots, id));
  return Mutate(std::move(forget), &SnapshotApi::DeleteSnapshot, std::move(context), std::move(id));
}

Task<absl::StatusOr<v1::Volume>> SharedApi::CreateVolume(CallContext context, std::string name) {
  ForgetOld forget = OldVolumeReads({name});
  return Mutate(std::move(forget), &VolumeApi::CreateVolume, std::move(context), std::move(name));
}

Task<absl::Status> SharedApi::DeleteVolume(CallContext context, std::string id) {
  ForgetOld forget = OldVolumeReads(KeysOf(caches_.volumes, id));
  return Mutate(std::move(forget), &VolumeApi::DeleteVolume, std::move(context), std::move(id));
}

Task<absl::Status> SharedApi::WaitForMutations(CallContext context) {
  if (mutations_ == 0) co_return absl::OkStatus();
  co_return co_await settled_.Wait(clock_, std::move(context));
}

}  // namespace daytonad
