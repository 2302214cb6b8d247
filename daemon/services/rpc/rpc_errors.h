#ifndef DAYTONAD_DAEMON_SERVICES_RPC_RPC_ERRORS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_RPC_ERRORS_H_

#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/clock.h"

// The errors of calls that have nothing to do with what they are about.
namespace daytonad {

// INVALID_ARGUMENT for a message that is no valid encoding of its type (or has a string that is not UTF-8).
absl::Status UnparsableRequest(std::string_view type_name);
// UNAVAILABLE (SHUTTING_DOWN), for calls that a stopping daemon rejects or ends.
inline constexpr char kShuttingDown[] = "SHUTTING_DOWN";
absl::Status ShuttingDownError();
// The same for a call that it ends while a mutation was sent and not answered.
absl::Status ShutDownWhileSentError();
// ABORTED (STREAM_STALLED), for a stream whose client has not read for so long.
absl::Status StreamStalledError(Clock::Duration max_stall);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_RPC_ERRORS_H_
