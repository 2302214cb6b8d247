#include "client/cli/snapshot/snapshot_tables.h"

#include <string>

#include "client/cli/base/details.h"

namespace daytonad::cli {

Table SnapshotTable(const google::protobuf::RepeatedPtrField<v1::Snapshot>& snapshots) {
  Table table({"NAME", "STATE", "IMAGE", "CPU", "MEMORY", "DISK", "CREATED", "ID"});
  for (const v1::Snapshot& snapshot : snapshots) {
    table.AddRow({snapshot.name(), snapshot.state_text(), snapshot.image_name(), NumberText(snapshot.cpu()),
                  NumberText(snapshot.memory_gib()), NumberText(snapshot.disk_gib()),
                  TimeText(snapshot.has_created_at(), snapshot.created_at()), snapshot.id()});
  }
  return table;
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
  details.Add("Entrypoint", Joined(snapshot.entrypoint()));
  details.Add("Class", snapshot.sandbox_class_text());
  details.Add("Resources", ResourcesText(snapshot.cpu(), snapshot.memory_gib(), snapshot.disk_gib(), snapshot.gpu(),
                                         snapshot.gpu_type_text()));
  if (snapshot.has_size_gb()) details.Add("Size", NumberText(snapshot.size_gb()) + " GB");
  details.Add("Regions", Joined(snapshot.region_ids()));
  details.Add("Source sandbox", snapshot.source_sandbox_id());
  details.Add("Created", TimeText(snapshot.has_created_at(), snapshot.created_at()));
  details.Add("Updated", TimeText(snapshot.has_updated_at(), snapshot.updated_at()));
  details.Add("Last used", TimeText(snapshot.has_last_used_at(), snapshot.last_used_at()));
  return details.Take();
}

}  // namespace daytonad::cli
