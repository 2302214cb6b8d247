#include "emulator/world/snapshots.h"

#include <algorithm>
#include <functional>
#include <regex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/identity.h"
#include "emulator/base/wire_time.h"
#include "emulator/world/kinds.h"
#include "emulator/world/paging.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

constexpr std::string_view kLimitAdvice =
    "Need higher resource limits per-sandbox? Contact us at support@daytona.io and let us know about your use case.";

bool WellFormedName(const std::string& name) {
  static const std::regex kPattern(R"(^[a-zA-Z0-9_.\-:]+(/[a-zA-Z0-9_.\-:]+)*(@sha256:[a-f0-9]{64})?$)");
  return name.size() < 1000 && std::regex_match(name, kPattern);
}

SnapshotPtr DefaultSnapshot(ApiVersion version, WallTime now) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->api_version = version;
  snapshot->id = NewUuid();
  snapshot->general = true;
  snapshot->name = snapshot->image_name = kDefaultSnapshot;
  snapshot->state = "active";
  snapshot->size_gb = 0.35;
  snapshot->entrypoint = Json::array({"sleep", "infinity"});
  snapshot->created = snapshot->updated = now;
  snapshot->last_used = now;
  snapshot->regions = {"us", "eu"};
  snapshot->runner_id = kRunnerId;
  snapshot->ref = absl::StrCat(AbslView(kRegistry), "daytona-sandbox:daytona");
  return snapshot;
}

// The sort key of a list, as text in the same order; empty sorts last.
std::string SortKey(const Snapshot& snapshot, const std::string& field) {
  if (field == "name") return snapshot.name;
  if (field == "state") return snapshot.state;
  if (field == "createdAt") return FormatTime(snapshot.created);
  return snapshot.last_used.has_value() ? FormatTime(*snapshot.last_used) : "";
}

std::optional<ApiError> CheckRequest(const Json& request, ApiVersion version) {
  Validator validator(request, /*whole_numbers=*/version >= ApiVersion::k0_226);
  validator.RequiredString("name", /*display=*/true).String("imageName").Array("entrypoint");
  validator.Number("cpu", 0).Number("gpu", 0, 1).Number("memory", 0).Number("disk", 0);
  validator.Object("buildInfo").String("regionId");
  validator.OneOf("gpuType", GpuTypes(version)).OneOf("sandboxClass", SandboxClasses(version));
  if (auto error = validator.Error()) return error;
  const bool build = !MemberOr(request, "buildInfo", Json()).is_null();
  const bool image = !StringOr(request, "imageName").empty();
  if (build && image) return BadRequest("Cannot specify an image name when using a build info entry");
  if (build && request.contains("entrypoint") && !request["entrypoint"].is_null()) {
    return BadRequest("Cannot specify an entrypoint when using a build info entry");
  }
  if (!build && !image) return BadRequest("Must specify an image name when not using a build info entry");
  const std::string region = StringOr(request, "regionId", kDefaultRegion);
  if (!IsRegion(region)) return NotFound("Region not found");
  if (!WellFormedName(StringOr(request, "name"))) {
    return BadRequest("Invalid snapshot name format. May contain letters, digits, dots, colons, and dashes");
  }
  if (image) {
    if (auto fault = ImageNameFault(StringOr(request, "imageName")); !fault.empty()) return BadRequest(fault);
  }
  const std::string fault =
      ResourceFault(IntegerOr(request, "cpu", 0), IntegerOr(request, "memory", 0), IntegerOr(request, "disk", 0));
  if (!fault.empty()) return BadRequest(fault);
  return std::nullopt;
}

}  // namespace

std::string ImageNameFault(const std::string& name) {
  if (const auto at = name.find("@sha256:"); at != std::string::npos) {
    static const std::regex kDigest("^[a-f0-9]{64}$");
    const std::string digest = name.substr(at + 8);
    if (at > 0 && digest.size() == 64 && std::regex_match(digest, kDigest)) return "";
    return "Invalid digest format. Must be image@sha256:64_hex_characters";
  }
  if (!absl::StrContains(name, ":") || name.ends_with(':')) {
    return "Image name must include a tag (e.g., ubuntu:22.04) or digest (@sha256:...)";
  }
  if (name.ends_with(":latest")) return "Images with tag \":latest\" are not allowed";
  if (!WellFormedName(name)) {
    return "Invalid image name format. Must be lowercase, may contain digits, dots, dashes, and single slashes between "
           "components";
  }
  return "";
}

std::string ResourceFault(std::int64_t cpu, std::int64_t memory_gib, std::int64_t disk_gib) {
  const auto fault = [](std::string_view what, std::int64_t asked, std::int64_t maximum, std::string_view unit) {
    return absl::StrCat(AbslView(what), " request ", asked, AbslView(unit), " exceeds maximum allowed per sandbox (",
                        maximum, AbslView(unit), ").\n", AbslView(kLimitAdvice));
  };
  if (cpu > 4) return fault("CPU", cpu, 4, "");
  if (memory_gib > 8) return fault("Memory", memory_gib, 8, "GB");
  if (disk_gib > 10) return fault("Disk", disk_gib, 10, "GB");
  return "";
}

Json Snapshot::ToJson() const {
  const auto time = [](const std::optional<WallTime>& value) { return value ? Json(FormatTime(*value)) : Json(); };
  Json json = {{"id", id}};
  if (!general) json["organizationId"] = kOrganizationId;
  json["general"] = general;
  json["name"] = name;
  json["imageName"] = image_name;
  json["state"] = state;
  json["size"] = size_gb ? Json(*size_gb) : Json();
  json["entrypoint"] = entrypoint;
  json["cpu"] = cpu;
  json["gpu"] = gpu;
  json["mem"] = memory_gib;
  json["disk"] = disk_gib;
  if (gpu_type.has_value()) json["gpuType"] = *gpu_type;
  json["errorReason"] = error_reason ? Json(*error_reason) : Json();
  json["createdAt"] = FormatTime(created);
  json["updatedAt"] = FormatTime(updated);
  json["lastUsedAt"] = time(last_used);
  if (build_info.has_value()) json["buildInfo"] = build_info->ToJson();
  json["regionIds"] = regions;
  if (!runner_id.empty()) json["initialRunnerId"] = runner_id;
  if (!ref.empty()) json["ref"] = ref;
  json["sandboxClass"] = sandbox_class;
  if (api_version >= ApiVersion::k0_226)
    json["sourceSandboxId"] = source_sandbox_id ? Json(*source_sandbox_id) : Json();
  return json;
}

Snapshots::Snapshots(const EmulatorOptions& options, Scheduler& scheduler, Builds& builds, const EventBus& events)
    : options_(options), scheduler_(scheduler), builds_(builds), events_(events) {
  const SnapshotPtr snapshot = DefaultSnapshot(options.api_version, scheduler.Now());
  by_id_[snapshot->id] = by_name_[snapshot->name] = snapshot;
}

Outcome<SnapshotPtr> Snapshots::Create(const Json& request) {
  if (const auto error = CheckRequest(request, options_.api_version)) return *error;
  const std::string name = StringOr(request, "name");
  if (by_name_.contains(name)) {
    return Conflict(absl::StrCat("Snapshot with name \"", name, "\" already exists for this organization"));
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->api_version = options_.api_version;
  snapshot->id = NewUuid();
  snapshot->name = name;
  snapshot->image_name = StringOr(request, "imageName");
  snapshot->cpu = IntegerOr(request, "cpu", 1);
  snapshot->gpu = IntegerOr(request, "gpu", 0);
  snapshot->memory_gib = IntegerOr(request, "memory", 1);
  snapshot->disk_gib = IntegerOr(request, "disk", 3);
  // One kind, or a list in the order of preference.
  const Json types = MemberOr(request, "gpuType", Json());
  if (types.is_string()) snapshot->gpu_type = types.get<std::string>();
  if (types.is_array() && !types.empty()) snapshot->gpu_type = types[0].get<std::string>();
  snapshot->sandbox_class = StringOr(request, "sandboxClass", "container");
  snapshot->regions = {StringOr(request, "regionId", kDefaultRegion)};
  snapshot->created = snapshot->updated = scheduler_.Now();
  const Json build = MemberOr(request, "buildInfo", Json());
  if (build.is_null()) {
    snapshot->entrypoint = MemberOr(request, "entrypoint", Json());
  } else {
    snapshot->build_info.emplace(build, scheduler_.Now());
    snapshot->entrypoint = Entrypoint(snapshot->build_info->dockerfile);
    snapshot->ref = absl::StrCat(AbslView(kRegistry), snapshot->build_info->ref);
  }
  const bool busy = options_.exclusive_images && ImageIsBusy(*snapshot);
  by_id_[snapshot->id] = by_name_[name] = snapshot;
  if (events_.heard()) events_.Tell("snapshot.created", ToText(snapshot->ToJson()));
  if (busy) {
    Later(snapshot, options_.delays.queue, [this](Snapshot& loser) {
      loser.runner_id = kRunnerId;
      loser.error_reason = "An operation is already in progress for this resource";
      Enter(loser, loser.build_info.has_value() ? "build_failed" : "error");
    });
  } else if (build.is_null()) {
    StartPull(snapshot);
  } else {
    StartBuild(snapshot);
  }
  return snapshot;
}

bool Snapshots::ImageIsBusy(const Snapshot& snapshot) const {
  if (snapshot.build_info.has_value()) {
    // A sandbox may be building it.
    const auto build = builds_.Find(snapshot.build_info->ref);
    if (build != nullptr && !build->done()) return true;
  }
  return std::any_of(by_id_.begin(), by_id_.end(), [&](const auto& entry) {
    const Snapshot& other = *entry.second;
    const bool busy = other.state == "pending" || other.state == "pulling" || other.state == "building";
    const bool pull = !snapshot.image_name.empty();
    return busy && other.image_name == snapshot.image_name && (pull || other.ref == snapshot.ref);
  });
}

void Snapshots::Enter(Snapshot& snapshot, std::string_view state) {
  const std::string old_state = std::exchange(snapshot.state, state);
  snapshot.updated = scheduler_.Now();
  if (events_.heard() && snapshot.state != old_state) {
    events_.TellState("snapshot", ToText(snapshot.ToJson()), old_state, snapshot.state);
  }
}

void Snapshots::TellRemoved(const Snapshot& snapshot) const {
  if (!events_.heard()) return;
  // The real server sends the event twice, with what is left of the snapshot by then.
  Json json = snapshot.ToJson();
  json.erase("id");
  json.erase("regionIds");
  const std::string text = ToText(json);
  for (int i = 0; i < 2; ++i) events_.Tell("snapshot.removed", text);
}

void Snapshots::Later(const SnapshotPtr& snapshot, milliseconds delay, std::function<void(Snapshot&)> step) {
  const std::uint64_t epoch = ++snapshot->epoch;
  scheduler_.After(delay, [snapshot, epoch, step = std::move(step)] {
    if (snapshot->epoch == epoch) step(*snapshot);
  });
}

void Snapshots::StartPull(const SnapshotPtr& snapshot) {
  Later(snapshot, options_.delays.queue, [this, snapshot](Snapshot&) {
    snapshot->runner_id = kRunnerId;
    snapshot->size_gb = 0.35;
    snapshot->ref = absl::StrCat(
        AbslView(kRegistry), absl::StrFormat("daytona-%016x:daytona", std::hash<std::string>{}(snapshot->image_name)));
    Enter(*snapshot, "pulling");
    Later(snapshot, options_.delays.pull, [this](Snapshot& pulled) { BecomeActive(pulled); });
  });
}

void Snapshots::StartBuild(const SnapshotPtr& snapshot) {
  const std::uint64_t epoch = ++snapshot->epoch;
  const auto build = builds_.Start(*snapshot->build_info);
  const auto observe = [this, snapshot, epoch](const Build& build) {
    if (snapshot->epoch != epoch) return;
    snapshot->runner_id = kRunnerId;
    switch (build.state()) {
      case Build::State::kQueued:
        break;
      case Build::State::kRunning:
        Enter(*snapshot, "building");
        break;
      case Build::State::kSucceeded:
        snapshot->size_gb = 0.42;
        BecomeActive(*snapshot);
        break;
      case Build::State::kFailed:
        snapshot->error_reason = absl::StrCat("failed to build image: ", build.error());
        Enter(*snapshot, "error");
        break;
    }
  };
  build->Observe(observe);
  // Another object's build may be running already.
  if (build->state() == Build::State::kRunning) {
    scheduler_.After(milliseconds::zero(), [observe, build] { observe(*build); });
  }
}

void Snapshots::BecomeActive(Snapshot& snapshot) {
  snapshot.last_used = scheduler_.Now();
  Enter(snapshot, "active");
}

SnapshotPtr Snapshots::FindById(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

SnapshotPtr Snapshots::Find(const std::string& id_or_name) const {
  if (SnapshotPtr snapshot = FindById(id_or_name)) return snapshot;
  const auto found = by_name_.find(id_or_name);
  return found == by_name_.end() ? nullptr : found->second;
}

Outcome<Json> Snapshots::List(const QueryParams& query) const {
  const auto page = ReadPage(query);
  if (!page.ok()) return page.error();
  const std::string field = query.Get("sort").value_or("lastUsedAt");
  const std::string order = query.Get("order").value_or("desc");
  static const std::vector<std::string> kFields = {"name", "state", "lastUsedAt", "createdAt"};
  if (auto error = CheckOneOf("sort", field, kFields)) return *error;
  if (auto error = CheckOneOf("order", order, {"asc", "desc"})) return *error;
  const std::string name = absl::AsciiStrToLower(query.Get("name").value_or(""));
  // A 0.190 server ignores it.
  const bool by_source = options_.api_version >= ApiVersion::k0_226;
  const auto source = by_source ? query.Get("sourceSandboxId") : std::nullopt;
  std::vector<SnapshotPtr> matches;
  for (const auto& [id, snapshot] : by_id_) {
    if (!absl::StrContains(absl::AsciiStrToLower(snapshot->name), name)) continue;
    if (source.has_value() && snapshot->source_sandbox_id != source) continue;
    matches.push_back(snapshot);
  }
  std::sort(matches.begin(), matches.end(), [&](const SnapshotPtr& a, const SnapshotPtr& b) {
    if (a->general != b->general) return b->general;
    const std::string left = SortKey(*a, field);
    const std::string right = SortKey(*b, field);
    if (left.empty() != right.empty()) return right.empty();
    if (left != right) return order == "asc" ? left < right : left > right;
    return a->created > b->created;
  });
  return ToPage(matches, *page, [](const SnapshotPtr& snapshot) { return snapshot->ToJson(); });
}

Outcome<Done> Snapshots::Remove(const std::string& id) {
  const SnapshotPtr snapshot = FindById(id);
  if (snapshot == nullptr) return NotFound(absl::StrCat("Snapshot ", id, " not found"));
  if (snapshot->general) return ApiError{403, "You cannot delete a general snapshot"};
  Enter(*snapshot, "removing");
  Later(snapshot, options_.delays.remove, [this](Snapshot& removed) {
    TellRemoved(removed);
    by_name_.erase(removed.name);
    // A copy: erasing by the object's own member would use it during its destruction.
    const std::string key = removed.id;
    by_id_.erase(key);
  });
  return Done{};
}

Outcome<SnapshotPtr> Snapshots::Activate(const std::string& id) {
  const SnapshotPtr snapshot = FindById(id);
  if (snapshot == nullptr) return NotFound(absl::StrCat("Snapshot ", id, " not found"));
  if (snapshot->state == "active") return BadRequest(absl::StrCat("Snapshot ", id, " is already active"));
  if (snapshot->state != "inactive") {
    return BadRequest(absl::StrCat("Snapshot ", id, " cannot be activated - it is in ", snapshot->state, " state"));
  }
  if (snapshot->deactivated.has_value() &&
      scheduler_.Now() < *snapshot->deactivated + options_.delays.deactivate.count()) {
    return BadRequest("Snapshot deactivation is still in progress. Please try again in a few minutes.");
  }
  BecomeActive(*snapshot);
  return snapshot;
}

Outcome<Done> Snapshots::Deactivate(const std::string& id) {
  const SnapshotPtr snapshot = FindById(id);
  if (snapshot == nullptr) return NotFound(absl::StrCat("Snapshot ", id, " not found"));
  if (snapshot->state == "inactive") return Done{};
  ++snapshot->epoch;
  Enter(*snapshot, "inactive");
  snapshot->deactivated = snapshot->updated;
  return Done{};
}

void Snapshots::Force(Snapshot& snapshot, const Json& changes) {
  ++snapshot.epoch;
  if (changes.contains("errorReason")) snapshot.error_reason = OptionalString(changes, "errorReason");
  Enter(snapshot, StringOr(changes, "state", snapshot.state));
}

}  // namespace daytonad::emulator
