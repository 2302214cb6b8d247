#ifndef DAYTONAD_DAEMON_OPERATIONS_BASE_OUTCOME_H_
#define DAYTONAD_DAEMON_OPERATIONS_BASE_OUTCOME_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "daemon/operations/base/waiting.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// Errors with their object: every error of a wait names the object and its last known state, because the object still
// exists.
namespace daytonad {

absl::Status Naming(absl::Status status, const v1::Sandbox& sandbox);
absl::Status Naming(absl::Status status, const v1::Snapshot& snapshot);
absl::Status Naming(absl::Status status, const v1::Volume& volume);

// The object ended in an error state: FAILED_PRECONDITION with upstream's reason.
absl::Status FailedError(const v1::Sandbox& sandbox);
absl::Status FailedError(const v1::Snapshot& snapshot);
absl::Status FailedError(const v1::Volume& volume);

// Why upstream deleted a sandbox on its own: no machine became available, or its spare capacity was reclaimed. Nullopt
// if its state does not say so.
std::optional<absl::Status> GivenUpError(const v1::Sandbox& sandbox);

// The error of a deleted sandbox: NOT_FOUND, or GivenUpError.
absl::Status DeletedError(const v1::Sandbox& sandbox);

// An object with the name that only this request id leads to exists, and it was created for another request.
absl::Status RequestIdReusedError();

// Distinguishes the request's own `timeout` (WAIT_TIMED_OUT) from the call's deadline; other errors are unchanged.
// Metadata is kept. `what` continues the message: "it is still coming up".
absl::Status ExplainTimeout(absl::Status status, const WaitContext& context, Clock& clock, const std::string& what);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BASE_OUTCOME_H_
