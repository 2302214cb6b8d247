#ifndef DAYTONAD_DAEMON_ACCESS_POLICY_H_
#define DAYTONAD_DAEMON_ACCESS_POLICY_H_

#include "absl/status/status.h"
#include "daemon/base/call_context.h"

namespace daytonad {

// The effect of a call on Daytona's objects.
enum class Action {
  kRead,    // get, list, find, wait for, watch, follow a log
  kMutate,  // create, change, start, stop, delete, upload
};

// Whether the caller may do this: OK, or PERMISSION_DENIED (READ_ONLY_LISTENER, metadata `listener`). A pure function,
// cheap enough for every call, including cached reads.
absl::Status CheckAccess(const Caller& caller, Action action);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_ACCESS_POLICY_H_
