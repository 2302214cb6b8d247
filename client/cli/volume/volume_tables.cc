#include "client/cli/volume/volume_tables.h"

#include <string>

#include "client/cli/base/details.h"

namespace daytonad::cli {

Table VolumeTable(const google::protobuf::RepeatedPtrField<v1::Volume>& volumes) {
  Table table({"NAME", "STATE", "CREATED", "ID"});
  for (const v1::Volume& volume : volumes) {
    table.AddRow(
        {volume.name(), volume.state_text(), TimeText(volume.has_created_at(), volume.created_at()), volume.id()});
  }
  return table;
}

Table VolumeDetails(const v1::Volume& volume) {
  Details details;
  details.Add("Name", volume.name());
  details.Add("Id", volume.id());
  details.Add("State", volume.state_text());
  details.Add("Error", volume.error_reason());
  details.Add("Created", TimeText(volume.has_created_at(), volume.created_at()));
  details.Add("Updated", TimeText(volume.has_updated_at(), volume.updated_at()));
  details.Add("Last used", TimeText(volume.has_last_used_at(), volume.last_used_at()));
  return details.Take();
}

}  // namespace daytonad::cli
