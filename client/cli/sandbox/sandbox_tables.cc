#include "client/cli/sandbox/sandbox_tables.h"

#include <string>

#include "client/cli/base/details.h"

namespace daytonad::cli {

Table SandboxTable(const google::protobuf::RepeatedPtrField<v1::Sandbox>& sandboxes) {
  Table table({"NAME", "STATE", "SNAPSHOT", "CPU", "MEMORY", "DISK", "TARGET", "CREATED", "ID"});
  for (const v1::Sandbox& sandbox : sandboxes) {
    table.AddRow({sandbox.name(), sandbox.state_text(), sandbox.snapshot(), NumberText(sandbox.cpu()),
                  NumberText(sandbox.memory_gib()), NumberText(sandbox.disk_gib()), sandbox.target(),
                  TimeText(sandbox.has_created_at(), sandbox.created_at()), sandbox.id()});
  }
  return table;
}

Table SandboxDetails(const v1::Sandbox& sandbox) {
  Details details;
  details.Add("Name", sandbox.name());
  details.Add("Id", sandbox.id());
  details.Add("State", sandbox.state_text());
  details.Add("Error", sandbox.error_reason());
  if (sandbox.recoverable()) details.Add("Recoverable", "yes");
  details.Add("Snapshot", sandbox.snapshot());
  if (sandbox.has_build_info()) details.Add("Built as", sandbox.build_info().snapshot_ref());
  details.Add("Target", sandbox.target());
  details.Add("Class", sandbox.sandbox_class_text());
  details.Add("Resources", ResourcesText(sandbox.cpu(), sandbox.memory_gib(), sandbox.disk_gib(), sandbox.gpu(),
                                         sandbox.gpu_type_text()));
  details.Add("User", sandbox.user());
  for (const std::string& label : SortedPairs(sandbox.labels())) details.Add("Label", label);
  for (const std::string& variable : SortedPairs(sandbox.env())) details.Add("Env", variable);
  for (const v1::VolumeMount& mount : sandbox.volumes()) {
    const std::string subpath = mount.subpath().empty() ? "" : ":" + mount.subpath();
    details.Add("Volume", mount.volume() + ":" + mount.mount_path() + subpath);
  }
  if (sandbox.is_public()) details.Add("Public", "yes");
  if (sandbox.network_block_all()) details.Add("Network", "all blocked");
  details.Add("Networks allowed", Joined(sandbox.network_allow_list()));
  details.Add("Domains allowed", Joined(sandbox.domain_allow_list()));
  details.Add("Outbound proxy", sandbox.outbound_proxy_url());
  details.Add("Telemetry", sandbox.otel_endpoint_override());
  details.Add("Linked to", sandbox.linked_sandbox_id());
  if (sandbox.spot()) details.Add("Spot", "yes");
  if (sandbox.kvm()) details.Add("KVM", "yes");
  details.AddMinutes("Queue timeout", sandbox.has_queue_timeout_minutes(), sandbox.queue_timeout_minutes(), "none");
  details.Add("Given up", TimeText(sandbox.has_queue_timed_out_at(), sandbox.queue_timed_out_at()));
  details.Add("Evicted", TimeText(sandbox.has_spot_evicted_at(), sandbox.spot_evicted_at()));
  details.AddMinutes("Auto-stop", sandbox.has_auto_stop_minutes(), sandbox.auto_stop_minutes(), "never");
  details.AddMinutes("Auto-pause", sandbox.has_auto_pause_minutes(), sandbox.auto_pause_minutes(), "never");
  details.AddMinutes("Auto-archive", sandbox.has_auto_archive_minutes(), sandbox.auto_archive_minutes(),
                     "as late as possible");
  details.AddMinutes("Auto-delete", sandbox.has_auto_delete_minutes(), sandbox.auto_delete_minutes(),
                     "as soon as it stops");
  details.Add("Auto-destroy", TimeText(sandbox.has_auto_destroy_at(), sandbox.auto_destroy_at()));
  details.Add("Created", TimeText(sandbox.has_created_at(), sandbox.created_at()));
  details.Add("Updated", TimeText(sandbox.has_updated_at(), sandbox.updated_at()));
  details.Add("Last active", TimeText(sandbox.has_last_activity_at(), sandbox.last_activity_at()));
  return details.Take();
}

}  // namespace daytonad::cli
