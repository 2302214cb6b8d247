#include "emulator/sandbox.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "emulator/identity.h"
#include "emulator/json_writer.h"
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

std::string Sandbox::ToText(SandboxView view) const {
  const bool item = view == SandboxView::kListItem;
  const bool nulls = view != SandboxView::kCreated;
  JsonWriter json;
  const auto set = [&json](std::string_view name, const std::optional<std::string>& value) {
    if (value.has_value()) json.Text(name, *value);
  };
  const auto set_or_null = [&](std::string_view name, const std::optional<std::string>& value) {
    if (!value.has_value() && nulls) return json.Null(name);
    set(name, value);
  };
  json.Text("id", id);
  json.Text("organizationId", kOrganizationId);
  json.Text("name", name);
  json.Text("target", target);
  set("snapshot", snapshot);
  json.Text("user", user);
  if (!item) json.Raw("env", emulator::ToText(env));
  json.Number("cpu", cpu);
  json.Number("gpu", gpu);
  set("gpuType", gpu_type);
  json.Number("memory", memory_gib);
  json.Number("disk", disk_gib);
  json.Boolean("public", is_public);
  json.Boolean("networkBlockAll", network_block_all);
  // Newer than 0.205, and required by the Python SDK from 0.22x on.
  if (!item) json.Boolean("kvm", false);
  set_or_null("networkAllowList", network_allow_list);
  set_or_null("domainAllowList", domain_allow_list);
  if (!item) {
    set("outboundProxyUrl", outbound_proxy_url);
    set("otelEndpointOverride", otel_endpoint_override);
  }
  json.Raw("labels", emulator::ToText(labels));
  if (!item) json.Raw("volumes", emulator::ToText(volumes));
  json.Boolean("spot", spot);
  json.Text("state", state);
  json.Text("desiredState", desired_state);
  set_or_null("errorReason", error_reason);
  json.Boolean("recoverable", recoverable);
  json.Text("backupState", "None");
  json.Number("autoStopInterval", auto_stop_minutes);
  json.Number("autoPauseInterval", auto_pause_minutes);
  json.Number("autoArchiveInterval", auto_archive_minutes);
  json.Number("autoDeleteInterval", auto_delete_minutes);
  if (auto_destroy.has_value()) json.Text("autoDestroyAt", FormatTime(*auto_destroy));
  json.Text("sandboxClass", sandbox_class);
  json.Text("createdAt", FormatTime(created));
  json.Text("updatedAt", FormatTime(updated));
  if (last_activity.has_value() && view != SandboxView::kChanged) {
    json.Text("lastActivityAt", FormatTime(*last_activity));
  }
  set_or_null("daemonVersion", daemon_version);
  if (!item) {
    if (build_info.has_value()) json.Raw("buildInfo", emulator::ToText(build_info->ToJson()));
    set("linkedSandboxId", linked_sandbox_id);
  }
  if (!runner_id.empty()) json.Text("runnerId", runner_id);
  if (state == "destroyed") json.Null("runnerId");
  json.Text("toolboxProxyUrl", toolbox_proxy_url);
  return json.Finish();
}

std::shared_ptr<const std::string> Sandbox::FullText() const {
  if (full_text_ == nullptr) full_text_ = std::make_shared<const std::string>(ToText(SandboxView::kFull));
  return full_text_;
}

}  // namespace daytonad::emulator
