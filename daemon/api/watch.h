#ifndef DAYTONAD_DAEMON_API_WATCH_H_
#define DAYTONAD_DAEMON_API_WATCH_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad {

// The state of an object at one time. Immutable and shared by all watchers.
template <typename T>
struct Observation {
  // The last known state; null if there is none.
  std::shared_ptr<const T> object;
  // OK; NOT_FOUND if the object was deleted or never existed; else the error of a poll.
  absl::Status status;
  // The cached state is fresh (see Freshness), or a poll has just confirmed it. If false, the state is stale and a poll
  // is in progress.
  bool fresh = true;
  // Changes between the previous observation and this one may have been missed.
  bool maybe_missed = false;
};

// One caller's watch of one object. All watches of an object share one subscription: events while the event connection
// is up, otherwise polls that many objects share.
//
// Destroying it ends the watch. Loop thread only.
template <typename T>
class Watch {
 public:
  virtual ~Watch() = default;

  // Returns OK as soon as there is an observation to Take: first the cached state, or the result of a read if nothing
  // is cached; then the next change or permanent error. (Transient errors are retried.) Fails only when the context
  // ends; it may be called again.
  virtual Task<absl::Status> Wait(CallContext context) = 0;
  // Called once after each Wait that returned OK. (Two calls, so that Wait can return the clock's own task. A coroutine
  // around it would cost memory, and thousands wait at once.)
  virtual Observation<T> Take() = 0;

  // Requests a poll now. The next observation is fresh and comes even if nothing has changed.
  virtual void PollNow() = 0;
};

// Opens watches of every kind of object. Outlives them.
class WatchApi {
 public:
  virtual ~WatchApi() = default;

  virtual std::unique_ptr<Watch<v1::Sandbox>> WatchSandbox(std::string id_or_name) = 0;
  virtual std::unique_ptr<Watch<v1::Snapshot>> WatchSnapshot(std::string id_or_name) = 0;
  // Takes an id only.
  virtual std::unique_ptr<Watch<v1::Volume>> WatchVolume(std::string id) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_WATCH_H_
