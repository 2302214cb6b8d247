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

// Is told the outcome of each context.
class UploadObserver {
 public:
  virtual ~UploadObserver() = default;

  // `existed`: the store already had it.
  virtual void OnContext(const std::string& archive_path, const std::string& hash, bool existed) = 0;
};

// Uploads the contexts of an image to upstream's store, unless it has them. Reads each context for its hash and, if the
// store lacks it, again for its tar; holds only a few MiB in memory.
//
// If the caller goes away, the upload ends at once; an unfinished upload leaves nothing in the store.
class ContextUploader {
 public:
  // All of these must outlive it.
  ContextUploader(BuildContextApi& api, const ContextRoots& roots, WorkPool& pool, StoreUploads& uploads, Clock& clock)
      : api_(api), roots_(roots), pool_(pool), uploads_(uploads), clock_(clock) {}

  // Returns the hashes, in the order of the sources. `observer` may be null and must live until this returns. Errors:
  // those of the store, of HostFiles, and
  // - NOT_FOUND (CONTEXT_NOT_FOUND): an UploadedContext that the store does not have.
  // - ABORTED (CONTEXT_CHANGED): files changed while they were read.
  Task<absl::StatusOr<std::vector<std::string>>> UploadAll(CallContext context, std::vector<ContextSource> sources,
                                                           UploadObserver* observer = nullptr);

 private:
  // Returns its hash once the store has it.
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
