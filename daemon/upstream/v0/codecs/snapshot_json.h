#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_SNAPSHOT_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_SNAPSHOT_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daytonad/v1/snapshot.pb.h"

namespace daytonad {

// Each returns UPSTREAM_FOREIGN_ANSWER if the JSON lacks a required field.
absl::StatusOr<v1::Snapshot> ReadSnapshot(const Json& json);
absl::StatusOr<SnapshotPage> ReadSnapshotPage(const Json& json);

// The body of POST /snapshots, as the SDKs send it. `default_region` is used if the spec has none; it may be empty.
OrderedJson WriteNewSnapshot(const CreateSnapshot& snapshot, std::string_view default_region);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_SNAPSHOT_JSON_H_
