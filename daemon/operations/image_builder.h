#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILDER_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILDER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/net/work_pool.h"
#include "daemon/operations/build_context/context_uploader.h"
#include "daemon/operations/build_turns.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// From the contract's ways of naming an image to what upstream builds: the Dockerfile (operations/image/), and its
// files in upstream's store (operations/build_context/).
class ImageBuilder {
 public:
  using Build = absl::StatusOr<std::optional<ImageBuild>>;

  // All of these outlive it.
  ImageBuilder(WorkPool& pool, const HostFiles& files, ContextUploader& uploader)
      : pool_(pool), files_(files), uploader_(uploader) {}

  // What a sandbox is to be built from, once its files are uploaded; nullopt if it comes from a snapshot. `spec`
  // outlives the call.
  Task<Build> ForSandbox(CallContext context, const v1::SandboxSpec& spec);

  // What a snapshot is to be built from; nullopt if it is an image that upstream pulls. A build's entrypoint becomes an
  // instruction of its Dockerfile.
  Task<Build> ForSnapshot(CallContext context, const v1::SnapshotSpec& spec);

  // Requests for the same build take turns, those for sandboxes and for snapshots alike.
  BuildTurns& turns() { return turns_; }

 private:
  Task<absl::StatusOr<ImageBuild>> FromImage(CallContext context, const v1::Image& image);

  WorkPool& pool_;
  const HostFiles& files_;
  ContextUploader& uploader_;
  BuildTurns turns_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILDER_H_
