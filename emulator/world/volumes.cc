#include "emulator/world/volumes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/identity.h"
#include "emulator/base/wire_time.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

// What is wrong with a mount path; empty if nothing is.
std::string MountPathFault(const Json& value) {
  if (!value.is_string()) return absl::StrCat("Invalid mount path ", ToText(value), " (must be a string)");
  const auto path = value.get<std::string>();
  std::string_view fault;
  static constexpr std::array<std::string_view, 9> kSystem = {"/proc", "/sys",  "/dev", "/boot", "/etc",
                                                              "/bin",  "/sbin", "/lib", "/lib64"};
  if (!path.starts_with('/')) {
    fault = "must be absolute";
  } else if (path == "/" || path == "//") {
    fault = "cannot mount to the root directory";
  } else if (absl::StrContains(path, "/../") || absl::StrContains(path, "/./") || path.ends_with("/..") ||
             path.ends_with("/.")) {
    fault = "cannot contain relative path components";
  } else if (absl::StrContains(path.substr(1), "//")) {
    fault = "cannot contain consecutive slashes";
  } else if (std::any_of(kSystem.begin(), kSystem.end(), [&](std::string_view system) {
               return path == system || path.starts_with(absl::StrCat(AbslView(system), "/"));
             })) {
    fault = "cannot mount to system directory";
  }
  return fault.empty() ? "" : absl::StrCat("Invalid mount path ", path, " (", AbslView(fault), ")");
}

std::string SubpathFault(const Json& mount) {
  const std::string path = StringOr(mount, "subpath");
  std::string_view fault;
  if (path.starts_with('/')) {
    fault = "cannot start with a slash";
  } else if (absl::StrContains(path, "..")) {
    fault = "cannot contain relative path components";
  } else if (absl::StrContains(path, "//")) {
    fault = "cannot contain consecutive slashes";
  }
  return fault.empty() ? "" : absl::StrCat("Invalid subpath ", path, " (", AbslView(fault), ")");
}

}  // namespace

Json Volume::ToJson() const {
  Json json = {{"id", id},
               {"name", name},
               {"organizationId", kOrganizationId},
               {"state", state},
               {"createdAt", FormatTime(created)},
               {"updatedAt", FormatTime(updated)}};
  if (last_used.has_value()) json["lastUsedAt"] = FormatTime(*last_used);
  json["errorReason"] = error_reason.has_value() ? Json(*error_reason) : Json();
  return json;
}

VolumePtr Volumes::FindByName(const std::string& name) const {
  for (const auto& [id, volume] : volumes_) {
    if (volume->name == name && volume->state != "deleted") return volume;
  }
  return nullptr;
}

Outcome<VolumePtr> Volumes::Create(const Json& request) {
  Validator validator(request);
  validator.RequiredString("name", /*display=*/true);
  if (const auto error = validator.Error()) return *error;
  auto volume = std::make_shared<Volume>();
  volume->id = NewUuid();
  volume->name = request["name"].get<std::string>();
  if (volume->name.empty()) volume->name = volume->id;
  if (FindByName(volume->name) != nullptr) {
    return BadRequest(absl::StrCat("Volume with name ", volume->name, " already exists"));
  }
  volume->created = volume->updated = scheduler_.Now();
  volumes_[volume->id] = volume;
  if (events_.heard()) events_.Tell("volume.created", ToText(volume->ToJson()));
  Later(volume, "creating", [this, volume] { Later(volume, "ready"); });
  return volume;
}

void Volumes::Enter(Volume& volume, std::string_view state) const {
  const std::string old_state = std::exchange(volume.state, state);
  volume.updated = scheduler_.Now();
  if (state == "deleted") volume.name += "-deleted";
  if (events_.heard()) events_.TellState("volume", ToText(volume.ToJson()), old_state, state);
}

void Volumes::Later(const VolumePtr& volume, std::string_view state, std::function<void()> then) {
  scheduler_.After(delays_.volume, [this, volume, state = std::string(state), then = std::move(then)] {
    Enter(*volume, state);
    if (then) then();
  });
}

Outcome<VolumePtr> Volumes::Get(const std::string& id) const {
  const auto found = volumes_.find(id);
  if (found == volumes_.end()) return NotFound(absl::StrCat("Volume with ID ", id, " not found"));
  return found->second;
}

Outcome<VolumePtr> Volumes::GetByName(const std::string& name) const {
  VolumePtr volume = FindByName(name);
  if (volume == nullptr) return NotFound(absl::StrCat("Volume with name ", name, " not found"));
  return volume;
}

std::vector<VolumePtr> Volumes::List(bool include_deleted) const {
  std::vector<VolumePtr> result;
  for (const auto& [id, volume] : volumes_) {
    if (include_deleted || volume->state != "deleted") result.push_back(volume);
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const VolumePtr& a, const VolumePtr& b) { return a->created > b->created; });
  return result;
}

Outcome<Done> Volumes::Delete(const std::string& id, const std::string& user) {
  auto found = Get(id);
  if (!found.ok() || (*found)->state == "deleted") return NotFound(absl::StrCat("Volume with ID ", id, " not found"));
  const VolumePtr volume = *found;
  if (volume->state != "ready" && volume->state != "error") {
    return BadRequest("Volume must be in 'ready' or 'error' state in order to be deleted");
  }
  if (!user.empty()) {
    return Conflict(
        absl::StrCat("Volume cannot be deleted because it is in use by one or more sandboxes (e.g. ", user, ")"));
  }
  Enter(*volume, "pending_delete");
  Later(volume, "deleting", [this, volume] { Later(volume, "deleted"); });
  return Done{};
}

Outcome<Json> Volumes::ResolveMounts(const Json& mounts) {
  Json resolved = Json::array();
  std::vector<std::string> faults;
  std::vector<VolumePtr> used;
  for (const Json& mount : mounts) {
    const std::string reference = StringOr(mount, "volumeId");
    const auto by_id = volumes_.find(reference);
    VolumePtr volume = by_id != volumes_.end() ? by_id->second : FindByName(reference);
    if (volume == nullptr || volume->state == "deleted") {
      return NotFound(absl::StrCat("Volume '", reference, "' not found"));
    }
    if (volume->state != "ready") {
      return BadRequest(
          absl::StrCat("Volume '", volume->name, "' is not in a ready state. Current state: ", volume->state));
    }
    Json entry = mount;
    entry["volumeId"] = volume->id;
    resolved.push_back(entry);
    used.push_back(volume);
    for (const std::string& fault : {MountPathFault(MemberOr(mount, "mountPath", Json())), SubpathFault(mount)}) {
      if (!fault.empty()) faults.push_back(fault);
    }
  }
  if (!faults.empty()) return BadRequest(absl::StrJoin(faults, ", "));
  for (const VolumePtr& volume : used) volume->last_used = scheduler_.Now();
  return resolved;
}

}  // namespace daytonad::emulator
