#ifndef DAYTONAD_DAEMON_BASE_EXHAUSTION_H_
#define DAYTONAD_DAEMON_BASE_EXHAUSTION_H_

#include <string_view>

#include "absl/status/status.h"

// Exhausted system resources: descriptors, socket memory, threads. These errors are transient; long-running work
// retries.
namespace daytonad {

// Whether an errno means exhaustion.
bool IsExhaustion(int error);

// UNAVAILABLE (DAEMON_EXHAUSTED) with a RetryInfo. `what` completes "The daemon can't ...", as in "open a socket".
absl::Status ExhaustionError(int error, std::string_view what);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_EXHAUSTION_H_
