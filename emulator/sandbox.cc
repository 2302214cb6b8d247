#include "emulator/sandbox.h"

#include <algorithm>
#include <array>

#include "emulator/identity.h"
#include "emulator/wire_time.h"

namespace daytonad::emulator {

const std::vector<std::string>& ListableSandboxStates() {
  static const std::vector<std::string> kStates = {
      "creating",  "restoring",    "destroying",    "started",           "stopped", "starting",         "stopping",
      "error",     "build_failed", "pending_build", "building_snapshot", "unknown", "pulling_snapshot", "archived",
      "archiving", "resizing",     "snapshotting",  "forking",           "pausing", "paused",           "resuming"};
  return kStates;
}

bool Sandbox::in_transition() const {
  static constexpr std::array<std::string_view, 14> kTransitions = {
      "creating",   "pending_build", "building_snapshot", "pulling_snapshot", "restoring", "starting", "stopping",
      "destroying", "archiving",     "resizing",          "snapshotting",     "forking",   "pausing",  "resuming"};
  return std::find(kTransitions.begin(), kTransitions.end(), state) != kTransitions.end();
}

Json Sandbox::ToJson(SandboxView view) const {
  const bool item = view == SandboxView::kListItem;
  const bool nulls = view != SandboxView::kCreated;
  Json json = Json::object();
  const auto set = [&json](const char* name, const std::optional<std::string>& value) {
    if (value.has_value()) json[name] = *value;
  };
  const auto set_or_null = [&](const char* name, const std::optional<std::string>& value) {
    if (value.has_value() || nulls) json[name] = value.has_value() ? Json(*value) : Json();
  };
  json["id"] = id;
  json["organizationId"] = kOrganizationId;
  json["name"] = name;
  json["target"] = target;
  set("snapshot", snapshot);
  json["user"] = user;
  if (!item) json["env"] = env;
  json["cpu"] = cpu;
  json["gpu"] = gpu;
  set("gpuType", gpu_type);
  json["memory"] = memory_gib;
  json["disk"] = disk_gib;
  json["public"] = is_public;
  json["networkBlockAll"] = network_block_all;
  // Newer than 0.205, and required by the Python SDK from 0.22x on.
  if (!item) json["kvm"] = false;
  set_or_null("networkAllowList", network_allow_list);
  set_or_null("domainAllowList", domain_allow_list);
  if (!item) {
    set("outboundProxyUrl", outbound_proxy_url);
    set("otelEndpointOverride", otel_endpoint_override);
  }
  json["labels"] = labels;
  if (!item) json["volumes"] = volumes;
  json["spot"] = spot;
  json["state"] = state;
  json["desiredState"] = desired_state;
  set_or_null("errorReason", error_reason);
  json["recoverable"] = recoverable;
  json["backupState"] = "None";
  json["autoStopInterval"] = auto_stop_minutes;
  json["autoPauseInterval"] = auto_pause_minutes;
  json["autoArchiveInterval"] = auto_archive_minutes;
  json["autoDeleteInterval"] = auto_delete_minutes;
  if (auto_destroy.has_value()) json["autoDestroyAt"] = FormatTime(*auto_destroy);
  json["sandboxClass"] = sandbox_class;
  json["createdAt"] = FormatTime(created);
  json["updatedAt"] = FormatTime(updated);
  if (last_activity.has_value() && view != SandboxView::kChanged) json["lastActivityAt"] = FormatTime(*last_activity);
  set_or_null("daemonVersion", daemon_version);
  if (!item) {
    if (build_info.has_value()) json["buildInfo"] = build_info->ToJson();
    set("linkedSandboxId", linked_sandbox_id);
  }
  if (!runner_id.empty()) json["runnerId"] = runner_id;
  if (state == "destroyed") json["runnerId"] = nullptr;
  json["toolboxProxyUrl"] = toolbox_proxy_url;
  return json;
}

std::shared_ptr<const std::string> Sandbox::FullText() const {
  if (full_text_ == nullptr) full_text_ = std::make_shared<const std::string>(ToText(ToJson(SandboxView::kFull)));
  return full_text_;
}

}  // namespace daytonad::emulator
