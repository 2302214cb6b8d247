#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_UPLOADER_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_UPLOADER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/net/work_pool.h"
#include "daemon/operations/build_context/context_roots.h"
#include "daemon/operations/build_context/store_uploads.h"
#include "daemon/operations/image/build_plan.h"

namespace daytonad {

// Hears what became of each context.
class UploadObserver {
 public:
  virtual ~UploadObserver() = default;

  // `existed`: the store had it already.
  virtual void OnContext(const std::string& archive_path, const std::string& hash, bool existed) = 0;
};

// Sees to it that the contexts of an image are in upstream's store. Each is read twice, for its hash and, if the store
// does not have it, for its tar; only a few MiB of it are in memory at a time.
//
// Who goes away ends his upload at once, and nothing is left in the store of one that was not finished.
class ContextUploader {
 public:
  // All of these outlive it.
  ContextUploader(BuildContextApi& api, const ContextRoots& roots, WorkPool& pool, StoreUploads& uploads, Clock& clock)
      : api_(api), roots_(roots), pool_(pool), uploads_(uploads), clock_(clock) {}

  // The hashes, in the order of the sources. `observer` may be null and is used until this returns. Errors: those of
  // the store, of HostFiles, and
  // - NOT_FOUND (CONTEXT_NOT_FOUND): an UploadedContext that the store does not have.
  // - ABORTED (CONTEXT_CHANGED): files changed while they were read.
  Task<absl::StatusOr<std::vector<std::string>>> UploadAll(CallContext context, std::vector<ContextSource> sources,
                                                           UploadObserver* observer = nullptr);

 private:
  // Its hash, once the store has it.
  Task<absl::StatusOr<std::string>> MakePresent(CallContext context, ContextStore& store, const ContextSource& source,
                                                UploadObserver* observer);

  BuildContextApi& api_;
  const ContextRoots& roots_;
  WorkPool& pool_;
  StoreUploads& uploads_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_UPLOADER_H_
