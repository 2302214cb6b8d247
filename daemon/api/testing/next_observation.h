#ifndef DAYTONAD_DAEMON_API_TESTING_NEXT_OBSERVATION_H_
#define DAYTONAD_DAEMON_API_TESTING_NEXT_OBSERVATION_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/watch.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// Waits for the next observation and takes it.
template <typename T>
Task<absl::StatusOr<Observation<T>>> NextObservation(Watch<T>& watch, CallContext context) {
  absl::Status waited = co_await watch.Wait(std::move(context));
  if (!waited.ok()) co_return waited;
  co_return watch.Take();
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_TESTING_NEXT_OBSERVATION_H_
