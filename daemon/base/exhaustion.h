#ifndef DAYTONAD_DAEMON_BASE_EXHAUSTION_H_
#define DAYTONAD_DAEMON_BASE_EXHAUSTION_H_

#include <string_view>

#include "absl/status/status.h"

// What the system may have no more of for a while: descriptors, memory for sockets, threads. That is an error like
// others, which passes; whoever keeps something going tries again.
namespace daytonad {

// Whether an errno says so.
bool IsExhaustion(int error);

// UNAVAILABLE (DAEMON_EXHAUSTED) with a RetryInfo. `what` ends "The daemon can't ", as in "open a socket".
absl::Status ExhaustionError(int error, std::string_view what);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_EXHAUSTION_H_
