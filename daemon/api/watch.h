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

// What is known of an object at one moment. Shared by all who watch it: it never changes.
template <typename T>
struct Observation {
  // As it was seen last; null if it never was.
  std::shared_ptr<const T> object;
  // OK; NOT_FOUND if it is gone, or never was; or why upstream could not tell just now.
  absl::Status status;
  // The daemon has reason to believe that upstream would say the same now. Otherwise this is what was known from
  // before, and a look is on its way.
  bool fresh = true;
  // Changes between the observation before and this one may have been missed.
  bool maybe_missed = false;
};

// One object, watched by one caller. However many watch the same object, upstream is asked as if it were one: by events
// while they arrive, else by polls that many objects share.
//
// Destroying it ends the interest. Loop thread only.
template <typename T>
class Watch {
 public:
  virtual ~Watch() = default;

  // OK as soon as there is something to Take. At first, that is what is known now, or the first look if nothing is;
  // later, the next change, or the next error that a look ended with (errors that pass included). Fails when the
  // context ends, and only then; it may be called again.
  virtual Task<absl::Status> Wait(CallContext context) = 0;
  // Once for each Wait that was OK. (Two calls, so that a wait can be the clock's own, with no coroutine around it that
  // would have to turn its end into an observation: thousands wait at once.)
  virtual Observation<T> Take() = 0;

  // Asks for a look now: the observation that follows is fresh, and it comes even if nothing has changed.
  virtual void PollNow() = 0;
};

// Watching, for every kind of object. Outlives the watches that it gives out.
class WatchApi {
 public:
  virtual ~WatchApi() = default;

  virtual std::unique_ptr<Watch<v1::Sandbox>> WatchSandbox(std::string id_or_name) = 0;
  virtual std::unique_ptr<Watch<v1::Snapshot>> WatchSnapshot(std::string id_or_name) = 0;
  // By id only.
  virtual std::unique_ptr<Watch<v1::Volume>> WatchVolume(std::string id) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_WATCH_H_
