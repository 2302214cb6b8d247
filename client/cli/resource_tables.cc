#include "client/cli/resource_tables.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/timestamp.pb.h>

namespace daytonad::cli {
namespace {

using google::protobuf::RepeatedPtrField;

// "2026-01-31 12:00:00Z"; empty if it is not set.
std::string Time(bool is_set, const google::protobuf::Timestamp& timestamp) {
  if (!is_set) return "";
  const std::time_t seconds = timestamp.seconds();
  std::tm utc{};
  char text[32];
  if (gmtime_r(&seconds, &utc) == nullptr || std::strftime(text, sizeof(text), "%F %TZ", &utc) == 0) return "?";
  return text;
}

// "1", "0.5"
std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

std::string Join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : ", ") + part;
  return joined;
}

std::string Join(const RepeatedPtrField<std::string>& parts) {
  return Join(std::vector<std::string>(parts.begin(), parts.end()));
}

template <typename Map>
std::vector<std::string> Pairs(const Map& map) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : map) pairs.push_back(std::string(key).append("=").append(value));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::string Resources(double cpu, double memory_gib, double disk_gib, double gpu, const std::string& gpu_type) {
  std::string text = Number(cpu) + " CPU, " + Number(memory_gib) + " GiB memory, " + Number(disk_gib) + " GiB disk";
  if (gpu > 0) text += ", " + Number(gpu) + " GPU " + gpu_type;
  return text;
}

// Lines of "Title:  value", without those that have nothing to say.
class Details {
 public:
  void Add(const char* title, std::string value) {
    if (!value.empty()) table_.AddRow({std::string(title) + ":", std::move(value)});
  }

  // `zero` is what 0 means; negative means never.
  void AddMinutes(const char* title, bool is_set, int minutes, const char* zero) {
    if (is_set) Add(title, minutes > 0 ? std::to_string(minutes) + " min" : minutes < 0 ? "never" : zero);
  }

  Table Take() { return std::move(table_); }

 private:
  Table table_;
};

}  // namespace

Table SandboxTable(const RepeatedPtrField<v1::Sandbox>& sandboxes) {
  Table table({"NAME", "STATE", "SNAPSHOT", "CPU", "MEMORY", "DISK", "TARGET", "CREATED", "ID"});
  for (const v1::Sandbox& sandbox : sandboxes) {
    table.AddRow({sandbox.name(), sandbox.state_text(), sandbox.snapshot(), Number(sandbox.cpu()),
                  Number(sandbox.memory_gib()), Number(sandbox.disk_gib()), sandbox.target(),
                  Time(sandbox.has_created_at(), sandbox.created_at()), sandbox.id()});
  }
  return table;
}

Table SnapshotTable(const RepeatedPtrField<v1::Snapshot>& snapshots) {
  Table table({"NAME", "STATE", "IMAGE", "CPU", "MEMORY", "DISK", "CREATED", "ID"});
  for (const v1::Snapshot& snapshot : snapshots) {
    table.AddRow({snapshot.name(), snapshot.state_text(), snapshot.image_name(), Number(snapshot.cpu()),
                  Number(snapshot.memory_gib()), Number(snapshot.disk_gib()),
                  Time(snapshot.has_created_at(), snapshot.created_at()), snapshot.id()});
  }
  return table;
}

Table VolumeTable(const RepeatedPtrField<v1::Volume>& volumes) {
  Table table({"NAME", "STATE", "CREATED", "ID"});
  for (const v1::Volume& volume : volumes) {
    table.AddRow({volume.name(), volume.state_text(), Time(volume.has_created_at(), volume.created_at()), volume.id()});
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
  details.Add("Resources", Resources(sandbox.cpu(), sandbox.memory_gib(), sandbox.disk_gib(), sandbox.gpu(),
                                     sandbox.gpu_type_text()));
  details.Add("User", sandbox.user());
  for (const std::string& label : Pairs(sandbox.labels())) details.Add("Label", label);
  for (const std::string& variable : Pairs(sandbox.env())) details.Add("Env", variable);
  for (const v1::VolumeMount& mount : sandbox.volumes()) {
    const std::string subpath = mount.subpath().empty() ? "" : ":" + mount.subpath();
    details.Add("Volume", mount.volume() + ":" + mount.mount_path() + subpath);
  }
  if (sandbox.is_public()) details.Add("Public", "yes");
  if (sandbox.network_block_all()) details.Add("Network", "all blocked");
  details.Add("Networks allowed", Join(sandbox.network_allow_list()));
  details.Add("Domains allowed", Join(sandbox.domain_allow_list()));
  details.Add("Outbound proxy", sandbox.outbound_proxy_url());
  details.Add("Telemetry", sandbox.otel_endpoint_override());
  details.Add("Linked to", sandbox.linked_sandbox_id());
  if (sandbox.spot()) details.Add("Spot", "yes");
  if (sandbox.kvm()) details.Add("KVM", "yes");
  details.AddMinutes("Queue timeout", sandbox.has_queue_timeout_minutes(), sandbox.queue_timeout_minutes(), "none");
  details.Add("Given up", Time(sandbox.has_queue_timed_out_at(), sandbox.queue_timed_out_at()));
  details.Add("Evicted", Time(sandbox.has_spot_evicted_at(), sandbox.spot_evicted_at()));
  details.AddMinutes("Auto-stop", sandbox.has_auto_stop_minutes(), sandbox.auto_stop_minutes(), "never");
  details.AddMinutes("Auto-pause", sandbox.has_auto_pause_minutes(), sandbox.auto_pause_minutes(), "never");
  details.AddMinutes("Auto-archive", sandbox.has_auto_archive_minutes(), sandbox.auto_archive_minutes(),
                     "as late as possible");
  details.AddMinutes("Auto-delete", sandbox.has_auto_delete_minutes(), sandbox.auto_delete_minutes(),
                     "as soon as it stops");
  details.Add("Auto-destroy", Time(sandbox.has_auto_destroy_at(), sandbox.auto_destroy_at()));
  details.Add("Created", Time(sandbox.has_created_at(), sandbox.created_at()));
  details.Add("Updated", Time(sandbox.has_updated_at(), sandbox.updated_at()));
  details.Add("Last active", Time(sandbox.has_last_activity_at(), sandbox.last_activity_at()));
  return details.Take();
}

Table SnapshotDetails(const v1::Snapshot& snapshot) {
  Details details;
  details.Add("Name", snapshot.name());
  details.Add("Id", snapshot.id());
  details.Add("State", snapshot.state_text());
  details.Add("Error", snapshot.error_reason());
  if (snapshot.general()) details.Add("General", "yes");
  details.Add("Image", snapshot.image_name());
  if (snapshot.has_build_info()) details.Add("Built as", snapshot.build_info().snapshot_ref());
  details.Add("Entrypoint", Join(snapshot.entrypoint()));
  details.Add("Class", snapshot.sandbox_class_text());
  details.Add("Resources", Resources(snapshot.cpu(), snapshot.memory_gib(), snapshot.disk_gib(), snapshot.gpu(),
                                     snapshot.gpu_type_text()));
  if (snapshot.has_size_gb()) details.Add("Size", Number(snapshot.size_gb()) + " GB");
  details.Add("Regions", Join(snapshot.region_ids()));
  details.Add("Source sandbox", snapshot.source_sandbox_id());
  details.Add("Created", Time(snapshot.has_created_at(), snapshot.created_at()));
  details.Add("Updated", Time(snapshot.has_updated_at(), snapshot.updated_at()));
  details.Add("Last used", Time(snapshot.has_last_used_at(), snapshot.last_used_at()));
  return details.Take();
}

Table VolumeDetails(const v1::Volume& volume) {
  Details details;
  details.Add("Name", volume.name());
  details.Add("Id", volume.id());
  details.Add("State", volume.state_text());
  details.Add("Error", volume.error_reason());
  details.Add("Created", Time(volume.has_created_at(), volume.created_at()));
  details.Add("Updated", Time(volume.has_updated_at(), volume.updated_at()));
  details.Add("Last used", Time(volume.has_last_used_at(), volume.last_used_at()));
  return details.Take();
}

}  // namespace daytonad::cli
