#ifndef DAYTONAD_DAEMON_OPERATIONS_BASE_WATCHING_H_
#define DAYTONAD_DAEMON_OPERATIONS_BASE_WATCHING_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "daemon/api/times.h"
#include "daemon/api/watch.h"
#include "daemon/base/absent.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// One message to a watcher of an object.
template <typename T>
struct Update {
  std::shared_ptr<const T> object;
  // The object was deleted; `object` is its last known state. This is the last update.
  bool removed = false;
  // Changes between the previous update and this one may have been missed.
  bool maybe_missed = false;
};

template <typename T>
class UpdateSink {
 public:
  virtual ~UpdateSink() = default;
  // An error ends the watch: the watcher has left.
  virtual Task<absl::Status> OnUpdate(Update<T> update) = 0;
};

// Sends the sink the object's current, fresh state and each change, until it is deleted. NOT_FOUND if it does not
// exist; another error if upstream fails permanently; otherwise it ends with the context.
template <typename T>
Task<absl::Status> WatchToTheEnd(CallContext context, std::unique_ptr<Watch<T>> watch, UpdateSink<T>& sink) {
  std::shared_ptr<const T> told;
  bool missed = false;
  while (true) {
    absl::Status waited = co_await watch->Wait(context);
    if (!waited.ok()) co_return waited;
    const Observation<T> seen = watch->Take();
    const bool gone = IsAbsent(seen.status);
    if (!seen.status.ok() && !(gone && told != nullptr)) co_return seen.status;
    if (told == nullptr && !seen.fresh) {
      watch->PollNow();
      continue;
    }
    missed = missed || (seen.maybe_missed && told != nullptr);
    const bool confirmed =
        seen.object == told || (told != nullptr && seen.object != nullptr && SameButTimes(*seen.object, *told));
    if (!gone && confirmed) continue;
    if (seen.object != nullptr) told = seen.object;
    Update<T> update;
    update.object = told;
    update.removed = gone;
    update.maybe_missed = std::exchange(missed, false);
    absl::Status taken = co_await sink.OnUpdate(std::move(update));
    if (!taken.ok() || gone) co_return taken;
  }
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BASE_WATCHING_H_
