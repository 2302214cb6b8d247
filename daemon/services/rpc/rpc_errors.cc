#include "daemon/services/rpc/rpc_errors.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// Another daemon may take calls at once; this one takes them again once it has restarted.
constexpr auto kTimeToRestart = std::chrono::seconds(1);

absl::Status Unavailable(std::string_view message) {
  return WithRetryDelay(MakeError(absl::StatusCode::kUnavailable, kShuttingDown, message), kTimeToRestart);
}

}  // namespace

absl::Status UnparsableRequest(std::string_view type_name) {
  return MakeError(absl::StatusCode::kInvalidArgument, "UNPARSABLE_REQUEST",
                   absl::StrCat("The request is not a valid ", AbslView(type_name),
                                ": its encoding is broken or one of its strings is not UTF-8."));
}

absl::Status ShuttingDownError() {
  return Unavailable("The daemon is shutting down. Connect again and repeat the call.");
}

absl::Status ShutDownWhileSentError() {
  return Unavailable(
      "The daemon is shutting down. The call's request was sent to Daytona and is not answered yet: it may be carried "
      "out, or not. Connect again; look for the object, or repeat the call with its request_id.");
}

absl::Status StreamStalledError(Clock::Duration max_stall) {
  const double seconds = std::chrono::duration<double>(max_stall).count();
  return MakeError(absl::StatusCode::kAborted, "STREAM_STALLED",
                   absl::StrCat("The client has read no message of this stream for ", seconds,
                                " s (--max-stall). Read faster, or call again when you can."));
}

}  // namespace daytonad
