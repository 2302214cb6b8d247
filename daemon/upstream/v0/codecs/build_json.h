#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_BUILD_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_BUILD_JSON_H_

#include "daemon/api/api.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daytonad/v1/common.pb.h"

// JSON that sandboxes and snapshots have in common.
namespace daytonad {

v1::BuildInfo ReadBuildInfo(const Json& json);

// {"dockerfileContent": ..., "contextHashes": [...]}
OrderedJson WriteImageBuild(const ImageBuild& build);

// A whole number without a fraction (`2`), which upstream insists on; any other number as it is.
OrderedJson WriteNumber(double number);

// Adds those of `cpu`, `gpu`, `gpuType`, `memory` and `disk` that are set.
void WriteResources(const v1::Resources& resources, OrderedJson& body);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_BUILD_JSON_H_
