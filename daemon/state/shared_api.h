#ifndef DAYTONAD_DAEMON_STATE_SHARED_API_H_
#define DAYTONAD_DAEMON_STATE_SHARED_API_H_

#include <chrono>
#include <memory>

#include "daemon/api/api.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

struct SharedApiOptions {
  // The deadline of a shared request, independent of its callers.
  Clock::Duration read_limit = std::chrono::seconds(60);
  // The least time that a mutation gets, even if its caller leaves. Upstream may answer a create only after 30 s.
  Clock::Duration mutation_limit = std::chrono::seconds(120);
};

// Detaches requests from their callers: identical reads share one request, and a mutation runs until it is answered,
// even if its caller leaves.
//
// Read-your-writes: when a mutation is sent, and again when it is answered, the reads in flight that it affects are no
// longer joined. These are reads of the object by id or name, and lists of its kind; if the object is not cached, all
// reads of its kind.
class SharedApi : public Api {
 public:
  // The referred objects outlive the result.
  static std::unique_ptr<SharedApi> Make(Api& inner, ObjectCaches& caches, Executor executor, Clock& clock,
                                         SharedApiOptions options);

  // Returns when every mutation in flight is answered, or when the context ends.
  virtual Task<absl::Status> WaitForMutations(CallContext context) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SHARED_API_H_
