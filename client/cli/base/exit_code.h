#ifndef DAYTONAD_CLIENT_CLI_BASE_EXIT_CODE_H_
#define DAYTONAD_CLIENT_CLI_BASE_EXIT_CODE_H_

#include <grpcpp/support/status.h>

namespace daytonad::cli {

// Stable exit codes, for scripts. A call that a signal ended exits with 128 + the signal's number: 130 for Ctrl-C.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,        // any other failure; `health`: not SERVING
  kExitUsage = 2,         // the command line
  kExitNotFound = 3,      // NOT_FOUND
  kExitInvalid = 4,       // INVALID_ARGUMENT, OUT_OF_RANGE
  kExitDenied = 5,        // UNAUTHENTICATED, PERMISSION_DENIED
  kExitTimeout = 6,       // DEADLINE_EXCEEDED
  kExitUnavailable = 7,   // UNAVAILABLE: no daemon there, or the daemon can't reach Daytona
  kExitExhausted = 8,     // RESOURCE_EXHAUSTED
  kExitPrecondition = 9,  // FAILED_PRECONDITION, ABORTED, ALREADY_EXISTS; a build that failed
  kExitSignalBase = 128,
};

int ExitCodeOf(grpc::StatusCode code);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_EXIT_CODE_H_
