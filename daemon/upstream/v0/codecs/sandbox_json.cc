#include "daemon/upstream/v0/codecs/sandbox_json.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/api/code_language.h"
#include "daemon/upstream/v0/codecs/build_json.h"
#include "daemon/upstream/v0/codecs/enum_text.h"

namespace daytonad {
namespace {

// A protobuf map has no order; what is sent shall have one.
std::map<std::string, std::string> Sorted(const google::protobuf::Map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}

void ReadStates(const JsonFields& fields, v1::Sandbox& sandbox) {
  sandbox.set_state_text(fields.String("state"));
  sandbox.set_state(SandboxStateFromText(sandbox.state_text()));
  sandbox.set_desired_state_text(fields.String("desiredState"));
  sandbox.set_desired_state(SandboxDesiredStateFromText(sandbox.desired_state_text()));
  sandbox.set_backup_state_text(fields.String("backupState"));
  sandbox.set_backup_state(BackupStateFromText(sandbox.backup_state_text()));
  sandbox.set_error_reason(fields.String("errorReason"));
  sandbox.set_recoverable(fields.Bool("recoverable"));
}

void ReadMachine(const JsonFields& fields, v1::Sandbox& sandbox) {
  sandbox.set_cpu(fields.Number("cpu").value_or(0));
  sandbox.set_memory_gib(fields.Number("memory").value_or(0));
  sandbox.set_disk_gib(fields.Number("disk").value_or(0));
  sandbox.set_gpu(fields.Number("gpu").value_or(0));
  sandbox.set_gpu_type_text(fields.String("gpuType"));
  sandbox.set_gpu_type(GpuTypeFromText(sandbox.gpu_type_text()));
  sandbox.set_sandbox_class_text(fields.String("sandboxClass"));
  sandbox.set_sandbox_class(SandboxClassFromText(sandbox.sandbox_class_text()));
  sandbox.set_spot(fields.Bool("spot"));
  sandbox.set_kvm(fields.Bool("kvm"));
  sandbox.set_warm_pool_id(fields.String("warmPoolId"));
  sandbox.set_runner_id(fields.String("runnerId"));
  sandbox.set_daemon_version(fields.String("daemonVersion"));
  sandbox.set_toolbox_proxy_url(fields.String("toolboxProxyUrl"));
}

void ReadIntervals(const JsonFields& fields, v1::Sandbox& sandbox) {
  if (const auto minutes = fields.Int32("autoStopInterval")) sandbox.set_auto_stop_minutes(*minutes);
  if (const auto minutes = fields.Int32("autoPauseInterval")) sandbox.set_auto_pause_minutes(*minutes);
  if (const auto minutes = fields.Int32("autoArchiveInterval")) sandbox.set_auto_archive_minutes(*minutes);
  if (const auto minutes = fields.Int32("autoDeleteInterval")) sandbox.set_auto_delete_minutes(*minutes);
  if (const auto minutes = fields.Int32("queueTimeout")) sandbox.set_queue_timeout_minutes(*minutes);
}

void ReadNetwork(const JsonFields& fields, v1::Sandbox& sandbox) {
  sandbox.set_network_block_all(fields.Bool("networkBlockAll"));
  for (std::string& block : fields.StringList("networkAllowList")) sandbox.add_network_allow_list(std::move(block));
  for (std::string& name : fields.StringList("domainAllowList")) sandbox.add_domain_allow_list(std::move(name));
  sandbox.set_outbound_proxy_url(fields.String("outboundProxyUrl"));
  sandbox.set_otel_endpoint_override(fields.String("otelEndpointOverride"));
  sandbox.set_linked_sandbox_id(fields.String("linkedSandboxId"));
}

void ReadVolumeMounts(const JsonFields& fields, v1::Sandbox& sandbox) {
  const Json* volumes = fields.Find("volumes");
  if (volumes == nullptr || !volumes->is_array()) return;
  for (const Json& item : *volumes) {
    const JsonFields mount(item);
    v1::VolumeMount& volume = *sandbox.add_volumes();
    volume.set_volume(mount.String("volumeId"));
    volume.set_mount_path(mount.String("mountPath"));
    volume.set_subpath(mount.String("subpath"));
  }
}

void ReadTimes(const JsonFields& fields, v1::Sandbox& sandbox) {
  ReadTimestamp(fields, "createdAt", sandbox, &v1::Sandbox::mutable_created_at);
  ReadTimestamp(fields, "updatedAt", sandbox, &v1::Sandbox::mutable_updated_at);
  ReadTimestamp(fields, "lastActivityAt", sandbox, &v1::Sandbox::mutable_last_activity_at);
  ReadTimestamp(fields, "autoDestroyAt", sandbox, &v1::Sandbox::mutable_auto_destroy_at);
  ReadTimestamp(fields, "spotEvictedAt", sandbox, &v1::Sandbox::mutable_spot_evicted_at);
  ReadTimestamp(fields, "queueTimedOutAt", sandbox, &v1::Sandbox::mutable_queue_timed_out_at);
  ReadTimestamp(fields, "backupCreatedAt", sandbox, &v1::Sandbox::mutable_backup_created_at);
}

absl::StatusOr<v1::Sandbox> ReadSandboxAs(v1::View view, const Json& json) {
  const JsonFields fields(json);
  v1::Sandbox sandbox;
  sandbox.set_id(fields.String("id"));
  if (sandbox.id().empty()) return ForeignResponse("a sandbox has no `id`");
  sandbox.set_name(fields.String("name"));
  if (sandbox.name().empty()) sandbox.set_name(sandbox.id());
  sandbox.set_view(view);
  sandbox.set_organization_id(fields.String("organizationId"));
  sandbox.set_target(fields.String("target"));
  sandbox.set_snapshot(fields.String("snapshot"));
  if (const Json* build = fields.Find("buildInfo")) *sandbox.mutable_build_info() = ReadBuildInfo(*build);
  sandbox.set_user(fields.String("user"));
  for (auto& [key, value] : fields.StringMap("env")) (*sandbox.mutable_env())[key] = value;
  for (auto& [key, value] : fields.StringMap("labels")) (*sandbox.mutable_labels())[key] = value;
  sandbox.set_is_public(fields.Bool("public"));
  ReadStates(fields, sandbox);
  ReadMachine(fields, sandbox);
  ReadIntervals(fields, sandbox);
  ReadNetwork(fields, sandbox);
  ReadVolumeMounts(fields, sandbox);
  ReadTimes(fields, sandbox);
  return sandbox;
}

absl::StatusOr<std::vector<v1::Sandbox>> ReadSandboxItems(v1::View view, const Json& json) {
  const Json* items = JsonFields(json).Find("items");
  if (items == nullptr || !items->is_array()) return ForeignResponse("a list of sandboxes has no `items`");
  return ReadItems<v1::Sandbox>(*items, [view](const Json& item) { return ReadSandboxAs(view, item); });
}

void WriteNetwork(const v1::SandboxSpec& spec, OrderedJson& body) {
  if (spec.has_network_block_all()) body["networkBlockAll"] = spec.network_block_all();
  if (!spec.network_allow_list().empty()) body["networkAllowList"] = absl::StrJoin(spec.network_allow_list(), ",");
  if (!spec.domain_allow_list().empty()) body["domainAllowList"] = absl::StrJoin(spec.domain_allow_list(), ",");
  if (!spec.outbound_proxy_url().empty()) body["outboundProxyUrl"] = spec.outbound_proxy_url();
  if (!spec.otel_endpoint_override().empty()) body["otelEndpointOverride"] = spec.otel_endpoint_override();
}

void WriteIntervals(const v1::SandboxSpec& spec, OrderedJson& body) {
  if (spec.has_auto_stop_minutes()) body["autoStopInterval"] = spec.auto_stop_minutes();
  if (spec.has_auto_pause_minutes()) body["autoPauseInterval"] = spec.auto_pause_minutes();
  if (spec.has_auto_archive_minutes()) body["autoArchiveInterval"] = spec.auto_archive_minutes();
  if (spec.ephemeral()) {
    body["autoDeleteInterval"] = 0;
  } else if (spec.has_auto_delete_minutes()) {
    body["autoDeleteInterval"] = spec.auto_delete_minutes();
  }
  if (spec.has_ttl_minutes()) body["ttlMinutes"] = spec.ttl_minutes();
  if (spec.has_queue_timeout_minutes()) body["queueTimeout"] = spec.queue_timeout_minutes();
}

OrderedJson WriteVolumeMounts(const v1::SandboxSpec& spec) {
  OrderedJson volumes = OrderedJson::array();
  for (const v1::VolumeMount& mount : spec.volumes()) {
    OrderedJson volume = OrderedJson::object();
    volume["volumeId"] = mount.volume();
    volume["mountPath"] = mount.mount_path();
    if (!mount.subpath().empty()) volume["subpath"] = mount.subpath();
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

}  // namespace

absl::StatusOr<v1::Sandbox> ReadSandbox(const Json& json) { return ReadSandboxAs(v1::VIEW_FULL, json); }

absl::StatusOr<SandboxPage> ReadSandboxPage(const Json& json) {
  absl::StatusOr<std::vector<v1::Sandbox>> items = ReadSandboxItems(v1::VIEW_BASIC, json);
  if (!items.ok()) return items.status();
  SandboxPage page;
  page.items = *std::move(items);
  page.next_cursor = JsonFields(json).String("nextCursor");
  return page;
}

absl::StatusOr<NumberedSandboxPage> ReadNumberedSandboxPage(const Json& json) {
  absl::StatusOr<std::vector<v1::Sandbox>> items = ReadSandboxItems(v1::VIEW_FULL, json);
  if (!items.ok()) return items.status();
  NumberedSandboxPage page;
  page.items = *std::move(items);
  page.totals = ReadPageTotals(json);
  return page;
}

PageTotals ReadPageTotals(const Json& json) {
  const JsonFields fields(json);
  PageTotals totals;
  totals.total_size = fields.Int32("total").value_or(0);
  totals.page = fields.Int32("page").value_or(0);
  totals.total_pages = fields.Int32("totalPages").value_or(0);
  return totals;
}

OrderedJson WriteNewSandbox(const CreateSandbox& sandbox, std::string_view default_target) {
  const v1::SandboxSpec& spec = sandbox.spec;
  OrderedJson body = OrderedJson::object();
  if (!spec.name().empty()) body["name"] = spec.name();
  if (!sandbox.build.has_value() && !spec.snapshot().empty()) body["snapshot"] = spec.snapshot();
  if (!spec.user().empty()) body["user"] = spec.user();
  body["env"] = Sorted(spec.env());
  body["labels"] = LabelsOf(spec);
  if (spec.has_is_public()) body["public"] = spec.is_public();
  WriteNetwork(spec, body);
  const std::string target = spec.target().empty() ? std::string(default_target) : spec.target();
  if (!target.empty()) body["target"] = target;
  WriteResources(spec.resources(), body);
  if (spec.has_spot()) body["spot"] = spec.spot();
  if (spec.has_kvm()) body["kvm"] = spec.kvm();
  WriteIntervals(spec, body);
  body["volumes"] = WriteVolumeMounts(spec);
  if (sandbox.build.has_value()) body["buildInfo"] = WriteImageBuild(*sandbox.build);
  if (!spec.linked_sandbox().empty()) body["linkedSandbox"] = spec.linked_sandbox();
  for (const auto& [variable, secret] : Sorted(spec.secrets())) {
    OrderedJson entry = OrderedJson::object();
    entry[variable] = secret;
    body["secrets"].push_back(std::move(entry));
  }
  return body;
}

std::string LabelsText(const google::protobuf::Map<std::string, std::string>& labels) {
  return OrderedJson(Sorted(labels)).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace daytonad
