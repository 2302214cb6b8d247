#ifndef DAYTONAD_DAEMON_API_CONTEXT_STORE_H_
#define DAYTONAD_DAEMON_API_CONTEXT_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// An upload of a build context. The context exists in the store only after Finish has returned OK. An upload that will
// not be finished must be aborted, with a context that has not ended; destroying it alone may leave parts behind.
class ContextUpload {
 public:
  virtual ~ContextUpload() = default;

  // Takes the next bytes of the tar, of any size. Buffers a few MiB at most, and returns when there is room for more.
  virtual Task<absl::Status> Write(CallContext context, std::string bytes) = 0;
  virtual Task<absl::Status> Finish(CallContext context) = 0;
  virtual Task<void> Abort(CallContext context) = 0;
};

// The storage of build contexts: uncompressed tars, each under its hash. It is opened for the contexts of one image,
// with credentials of its own that last for an hour.
class ContextStore {
 public:
  virtual ~ContextStore() = default;

  // The size of the context with this hash (0 if the store does not tell); nullopt if there is none.
  virtual Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, std::string hash) = 0;
  // Starts an upload without sending anything yet. The store must outlive it.
  virtual std::unique_ptr<ContextUpload> Upload(std::string hash) = 0;
};

class BuildContextApi {
 public:
  virtual ~BuildContextApi() = default;

  // FAILED_PRECONDITION (NO_CONTEXT_STORE) if this upstream has none.
  virtual Task<absl::StatusOr<std::unique_ptr<ContextStore>>> OpenContextStore(CallContext context) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_CONTEXT_STORE_H_
