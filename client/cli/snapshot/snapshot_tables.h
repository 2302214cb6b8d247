#ifndef DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_TABLES_H_
#define DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_TABLES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include "client/cli/base/table.h"
#include "daytonad/v1/snapshot.pb.h"

namespace daytonad::cli {

// One line for each.
Table SnapshotTable(const google::protobuf::RepeatedPtrField<v1::Snapshot>& snapshots);

// One line for each known property.
Table SnapshotDetails(const v1::Snapshot& snapshot);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_TABLES_H_
