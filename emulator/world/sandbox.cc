#include "emulator/world/sandbox.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "emulator/base/identity.h"
#include "emulator/base/json_writer.h"
#include "emulator/base/wire_time.h"

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
  const bool is_new = api_version >= ApiVersion::k0_226;
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
  item ? set("snapshot", snapshot) : set_or_null("snapshot", snapshot);
  json.Text("user", user);
  if (!item) json.Raw("env", emulator::ToText(env));
  json.Number("cpu", cpu);
  json.Number("gpu", gpu);
  set("gpuType", gpu_type);
  json.Number("memory", memory_gib);
  json.Number("disk", disk_gib);
  json.Boolean("public", is_public);
  if (!item || is_new) {
    json.Boolean("networkBlockAll", network_block_all);
    set_or_null("networkAllowList", network_allow_list);
    set_or_null("domainAllowList", domain_allow_list);
  }
  json.Raw("labels", emulator::ToText(labels));
  if (!item) json.Raw("volumes", emulator::ToText(volumes));
  json.Text("state", state);
  json.Text("desiredState", desired_state);
  set_or_null("errorReason", error_reason);
  json.Boolean("recoverable", recoverable);
  json.Text("backupState", "None");
  json.Number("autoStopInterval", auto_stop_minutes);
  json.Number("autoArchiveInterval", auto_archive_minutes);
  json.Number("autoDeleteInterval", auto_delete_minutes);
  if (is_new) WriteNewerMembers(json, view);
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

void Sandbox::WriteNewerMembers(JsonWriter& json, SandboxView view) const {
  json.Boolean("spot", spot);
  json.Number("autoPauseInterval", auto_pause_minutes);
  if (auto_destroy.has_value()) json.Text("autoDestroyAt", FormatTime(*auto_destroy));
  if (queue_timeout_minutes.has_value()) json.Number("queueTimeout", *queue_timeout_minutes);
  if (queue_timed_out.has_value()) json.Text("queueTimedOutAt", FormatTime(*queue_timed_out));
  if (spot_evicted.has_value()) json.Text("spotEvictedAt", FormatTime(*spot_evicted));
  if (view == SandboxView::kListItem) return;
  json.Boolean("kvm", kvm);
  if (outbound_proxy_url.has_value()) json.Text("outboundProxyUrl", *outbound_proxy_url);
  if (otel_endpoint_override.has_value()) json.Text("otelEndpointOverride", *otel_endpoint_override);
}

std::shared_ptr<const std::string> Sandbox::FullText() const {
  if (full_text_ == nullptr) full_text_ = std::make_shared<const std::string>(ToText(SandboxView::kFull));
  return full_text_;
}

}  // namespace daytonad::emulator
