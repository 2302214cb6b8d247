#ifndef DAYTONAD_DAEMON_OPERATIONS_OUTCOME_H_
#define DAYTONAD_DAEMON_OPERATIONS_OUTCOME_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "daemon/operations/waiting.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// Errors that say what they are about: every error of a wait names the object and its last known state, because the
// object stays.
namespace daytonad {

absl::Status Naming(absl::Status status, const v1::Sandbox& sandbox);
absl::Status Naming(absl::Status status, const v1::Snapshot& snapshot);
absl::Status Naming(absl::Status status, const v1::Volume& volume);

// The object ended in an error state: FAILED_PRECONDITION with upstream's reason.
absl::Status FailedError(const v1::Sandbox& sandbox);
absl::Status FailedError(const v1::Snapshot& snapshot);
absl::Status FailedError(const v1::Volume& volume);

// Why a sandbox that is gone went, if nobody deleted it: no machine came free for it, or the spare capacity that it ran
// on was taken back. Nullopt if it does not say so.
std::optional<absl::Status> GivenUpError(const v1::Sandbox& sandbox);

// It is gone: NOT_FOUND, unless it says that upstream gave it up.
absl::Status DeletedError(const v1::Sandbox& sandbox);

// There is something under the name that only this request id leads to, and it was made for another request.
absl::Status RequestIdReusedError();

// Tells the request's own `timeout` (WAIT_TIMED_OUT) from the call's deadline; other errors stay as they are. The
// metadata stay in any case. `what` goes on in the message: "it is still coming up".
absl::Status ExplainTimeout(absl::Status status, const WaitContext& context, Clock& clock, const std::string& what);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_OUTCOME_H_
