#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daytonad/v1/image.pb.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"

// From the contract's ways of naming an image to what upstream builds.
namespace daytonad {

// What a sandbox is to be built from; nullopt if it comes from a snapshot.
absl::StatusOr<std::optional<ImageBuild>> BuildOf(const v1::SandboxSpec& spec);

// What a snapshot is to be built from; nullopt if it is an image that upstream pulls. A build's entrypoint becomes an
// instruction of its Dockerfile.
absl::StatusOr<std::optional<ImageBuild>> BuildOf(const v1::SnapshotSpec& spec);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_H_
