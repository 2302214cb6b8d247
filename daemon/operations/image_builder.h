#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILDER_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILDER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"

namespace daytonad {

// From the contract's ways of naming an image to what upstream builds.
class ImageBuilder {
 public:
  // What a sandbox is to be built from; nullopt if it comes from a snapshot.
  Task<absl::StatusOr<std::optional<ImageBuild>>> Build(CallContext context, const v1::SandboxSpec& spec);

  // What a snapshot is to be built from; nullopt if it is an image that upstream pulls. A build's entrypoint becomes an
  // instruction of its Dockerfile.
  Task<absl::StatusOr<std::optional<ImageBuild>>> Build(CallContext context, const v1::SnapshotSpec& spec);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILDER_H_
