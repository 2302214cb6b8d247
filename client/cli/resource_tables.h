#ifndef DAYTONAD_CLIENT_CLI_RESOURCE_TABLES_H_
#define DAYTONAD_CLIENT_CLI_RESOURCE_TABLES_H_

#include <string>
#include <vector>

#include <google/protobuf/repeated_ptr_field.h>

#include "client/cli/base/table.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad::cli {

// Lists: a line for each.
Table SandboxTable(const google::protobuf::RepeatedPtrField<v1::Sandbox>& sandboxes);
Table SnapshotTable(const google::protobuf::RepeatedPtrField<v1::Snapshot>& snapshots);
Table VolumeTable(const google::protobuf::RepeatedPtrField<v1::Volume>& volumes);

// One object: a line for each thing that is known of it.
Table SandboxDetails(const v1::Sandbox& sandbox);
Table SnapshotDetails(const v1::Snapshot& snapshot);
Table VolumeDetails(const v1::Volume& volume);

template <typename Resource>
std::vector<std::string> Names(const google::protobuf::RepeatedPtrField<Resource>& resources) {
  std::vector<std::string> names;
  for (const Resource& resource : resources) names.push_back(resource.name());
  return names;
}

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_RESOURCE_TABLES_H_
