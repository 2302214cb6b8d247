#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_IMAGE_BUILDER_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_IMAGE_BUILDER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/net/work_pool.h"
#include "daemon/operations/build/build_turns.h"
#include "daemon/operations/build_context/context_uploader.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// Turns the contract's forms of an image into what upstream builds: a Dockerfile (operations/image/), and its files in
// upstream's store (operations/build_context/).
class ImageBuilder {
 public:
  using Build = absl::StatusOr<std::optional<ImageBuild>>;

  // All of these must outlive it.
  ImageBuilder(WorkPool& pool, const HostFiles& files, ContextUploader& uploader)
      : pool_(pool), files_(files), uploader_(uploader) {}

  // The build of a sandbox, after its files were uploaded; nullopt if it comes from a snapshot. `spec` outlives the
  // call.
  Task<Build> ForSandbox(CallContext context, const v1::SandboxSpec& spec);

  // The build of a snapshot; nullopt if upstream pulls an image. A build's entrypoint becomes an instruction of its
  // Dockerfile.
  Task<Build> ForSnapshot(CallContext context, const v1::SnapshotSpec& spec);

  // Serialises requests for the same build, of sandboxes and snapshots alike.
  BuildTurns& turns() { return turns_; }

 private:
  Task<absl::StatusOr<ImageBuild>> FromImage(CallContext context, const v1::Image& image);

  WorkPool& pool_;
  const HostFiles& files_;
  ContextUploader& uploader_;
  BuildTurns turns_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_IMAGE_BUILDER_H_
