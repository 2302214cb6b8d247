#include "daemon/state/recording_api.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "daemon/base/absent.h"

namespace daytonad {
namespace {

// Does it still match the filter, as far as that asks for states?
bool Matches(const v1::Sandbox& item, const v1::SandboxFilter& filter) {
  if (filter.states().empty() && filter.state_texts().empty()) return true;
  return std::ranges::find(filter.states(), item.state()) != filter.states().end() ||
         std::ranges::find(filter.state_texts(), item.state_text()) != filter.state_texts().end();
}

}  // namespace

template <typename Owner, typename T>
Task<absl::StatusOr<T>> RecordingApi::Read(KnownObjects<T>& known,
                                           Task<absl::StatusOr<T>> (Owner::*method)(CallContext, std::string),
                                           CallContext context, std::string id_or_name) {
  // What changes all the time can't be caught up with.
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    const Revision since = known.NextRevision();
    const Clock::TimePoint at = clock_.Now();
    Owner& owner = inner_;
    absl::StatusOr<T> seen = co_await (owner.*method)(context, id_or_name);
    if (IsAbsent(seen.status())) known.ObserveNotFound(id_or_name, since, seen.status());
    if (!seen.ok()) co_return seen;
    known.Observe(*seen, ObservationSource::kRead, since, at);
    // Of sandboxes and snapshots, upstream tries it as an id first. If it is only the name of another one, whatever had
    // this id is gone.
    const bool only_name = seen->id() != id_or_name && seen->name() == id_or_name;
    if (only_name && !std::is_same_v<T, v1::Volume>) known.ObserveNotFound(id_or_name, since);
    if (attempt == kAttempts || !known.Overtaken(*seen, since)) co_return seen;
    if (const auto newer = known.index().Find(id_or_name)) co_return *newer->object;
  }
}

template <typename T>
Task<absl::StatusOr<T>> RecordingApi::Make(KnownObjects<T>& known, typename KnownObjects<T>::Change change,
                                           Task<absl::StatusOr<T>> make) {
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<T> made = co_await std::move(make);
  known.EndChange(change, made.ok() ? &*made : nullptr, at);
  co_return made;
}

template <typename T>
Task<absl::Status> RecordingApi::MakeBlindly(KnownObjects<T>& known, typename KnownObjects<T>::Change change,
                                             Task<absl::Status> make) {
  absl::Status made = co_await std::move(make);
  known.EndChange(change, nullptr, clock_.Now());
  co_return made;
}

template <typename T>
Task<absl::Status> RecordingApi::Delete(KnownObjects<T>& known, std::string id, Task<absl::Status> make) {
  typename KnownObjects<T>::Change change = known.BeginChange(id);
  absl::Status made = co_await MakeBlindly(known, std::move(change), std::move(make));
  if (made.ok()) known.ObserveDeleting(id, clock_.Now());
  co_return made;
}

template <typename T, typename Wanted>
void RecordingApi::Skim(KnownObjects<T>& known, std::vector<T>& items, Revision since, Clock::TimePoint at,
                        Wanted wanted) {
  for (const T& item : items) known.Observe(item, ObservationSource::kListItem, since, at);
  const Clock::TimePoint now = clock_.Now();
  std::erase_if(items, [&](T& item) {
    const bool exists = known.Correct(item, since, now);
    return !wanted(item, exists);
  });
}

// --- Sandboxes ---

Task<absl::StatusOr<v1::Sandbox>> RecordingApi::CreateSandbox(CallContext context, NewSandbox sandbox) {
  return Make(knowledge_.sandboxes, knowledge_.sandboxes.BeginCreate(),
              inner_.CreateSandbox(std::move(context), std::move(sandbox)));
}

Task<absl::StatusOr<v1::Sandbox>> RecordingApi::GetSandbox(CallContext context, std::string id_or_name) {
  return Read(knowledge_.sandboxes, &SandboxApi::GetSandbox, std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<SandboxPage>> RecordingApi::ListSandboxes(CallContext context, SandboxListQuery query,
                                                              std::string cursor) {
  const Revision since = knowledge_.sandboxes.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<SandboxPage> page = co_await inner_.ListSandboxes(std::move(context), query, std::move(cursor));
  if (page.ok()) {
    Skim(knowledge_.sandboxes, page->items, since, at,
         [&](const v1::Sandbox& item, bool exists) { return exists && Matches(item, query.filter); });
  }
  co_return page;
}

Task<absl::StatusOr<NumberedSandboxPage>> RecordingApi::ListSandboxesByPage(CallContext context, SandboxListQuery query,
                                                                            int page_number) {
  const Revision since = knowledge_.sandboxes.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<NumberedSandboxPage> page =
      co_await inner_.ListSandboxesByPage(std::move(context), query, page_number);
  if (page.ok()) {
    Skim(knowledge_.sandboxes, page->items, since, at,
         [&](const v1::Sandbox& item, bool exists) { return exists && Matches(item, query.filter); });
  }
  co_return page;
}

Task<absl::StatusOr<v1::Sandbox>> RecordingApi::StartSandbox(CallContext context, std::string id_or_name) {
  return Make(knowledge_.sandboxes, knowledge_.sandboxes.BeginChange(id_or_name),
              inner_.StartSandbox(std::move(context), id_or_name));
}

Task<absl::StatusOr<v1::Sandbox>> RecordingApi::StopSandbox(CallContext context, std::string id_or_name, bool force) {
  return Make(knowledge_.sandboxes, knowledge_.sandboxes.BeginChange(id_or_name),
              inner_.StopSandbox(std::move(context), id_or_name, force));
}

Task<absl::StatusOr<v1::Sandbox>> RecordingApi::DeleteSandbox(CallContext context, std::string id_or_name) {
  return Make(knowledge_.sandboxes, knowledge_.sandboxes.BeginChange(id_or_name),
              inner_.DeleteSandbox(std::move(context), id_or_name));
}

// --- Snapshots ---

Task<absl::StatusOr<v1::Snapshot>> RecordingApi::CreateSnapshot(CallContext context, NewSnapshot snapshot) {
  return Make(knowledge_.snapshots, knowledge_.snapshots.BeginCreate(),
              inner_.CreateSnapshot(std::move(context), std::move(snapshot)));
}

Task<absl::StatusOr<v1::Snapshot>> RecordingApi::GetSnapshot(CallContext context, std::string id_or_name) {
  return Read(knowledge_.snapshots, &SnapshotApi::GetSnapshot, std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<SnapshotPage>> RecordingApi::ListSnapshots(CallContext context, SnapshotListQuery query,
                                                               int page_number) {
  const Revision since = knowledge_.snapshots.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<SnapshotPage> page = co_await inner_.ListSnapshots(std::move(context), std::move(query), page_number);
  if (page.ok()) {
    Skim(knowledge_.snapshots, page->items, since, at, [](const v1::Snapshot&, bool exists) { return exists; });
  }
  co_return page;
}

Task<absl::StatusOr<v1::Snapshot>> RecordingApi::ActivateSnapshot(CallContext context, std::string id) {
  return Make(knowledge_.snapshots, knowledge_.snapshots.BeginChange(id),
              inner_.ActivateSnapshot(std::move(context), id));
}

Task<absl::Status> RecordingApi::DeactivateSnapshot(CallContext context, std::string id) {
  return MakeBlindly(knowledge_.snapshots, knowledge_.snapshots.BeginChange(id),
                     inner_.DeactivateSnapshot(std::move(context), id));
}

Task<absl::Status> RecordingApi::DeleteSnapshot(CallContext context, std::string id) {
  return Delete(knowledge_.snapshots, id, inner_.DeleteSnapshot(std::move(context), id));
}

// --- Volumes ---

Task<absl::StatusOr<v1::Volume>> RecordingApi::CreateVolume(CallContext context, std::string name) {
  return Make(knowledge_.volumes, knowledge_.volumes.BeginCreate(),
              inner_.CreateVolume(std::move(context), std::move(name)));
}

Task<absl::StatusOr<v1::Volume>> RecordingApi::GetVolumeById(CallContext context, std::string id) {
  return Read(knowledge_.volumes, &VolumeApi::GetVolumeById, std::move(context), std::move(id));
}

Task<absl::StatusOr<v1::Volume>> RecordingApi::GetVolumeByName(CallContext context, std::string name) {
  return Read(knowledge_.volumes, &VolumeApi::GetVolumeByName, std::move(context), std::move(name));
}

Task<absl::StatusOr<std::vector<v1::Volume>>> RecordingApi::ListVolumes(CallContext context, bool include_deleted) {
  const Revision since = knowledge_.volumes.NextRevision();
  const Clock::TimePoint at = clock_.Now();
  absl::StatusOr<std::vector<v1::Volume>> volumes = co_await inner_.ListVolumes(std::move(context), include_deleted);
  if (volumes.ok()) {
    Skim(knowledge_.volumes, *volumes, since, at, [include_deleted](const v1::Volume& item, bool exists) {
      return exists || (include_deleted && IsGone(item));
    });
  }
  co_return volumes;
}

Task<absl::Status> RecordingApi::DeleteVolume(CallContext context, std::string id) {
  return Delete(knowledge_.volumes, id, inner_.DeleteVolume(std::move(context), id));
}

}  // namespace daytonad
