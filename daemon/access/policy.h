#ifndef DAYTONAD_DAEMON_ACCESS_POLICY_H_
#define DAYTONAD_DAEMON_ACCESS_POLICY_H_

#include "absl/status/status.h"
#include "daemon/base/call_context.h"

namespace daytonad {

// What a call wants to do to Daytona's objects.
enum class Action {
  kRead,    // get, list, find, wait for, watch, follow a log
  kMutate,  // create, change, start, stop, delete, upload
};

// May this caller do this? OK, or PERMISSION_DENIED (reason READ_ONLY_LISTENER, metadata `listener`). A pure function,
// cheap enough to be asked on every call, those that a cache answers included.
absl::Status CheckAccess(const Caller& caller, Action action);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_ACCESS_POLICY_H_
