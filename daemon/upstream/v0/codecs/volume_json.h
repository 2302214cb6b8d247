#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_VOLUME_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_VOLUME_JSON_H_

#include <vector>

#include "absl/status/statusor.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad {

// Each returns UPSTREAM_FOREIGN_ANSWER if the JSON lacks a required field.
absl::StatusOr<v1::Volume> ReadVolume(const Json& json);
absl::StatusOr<std::vector<v1::Volume>> ReadVolumes(const Json& json);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_VOLUME_JSON_H_
