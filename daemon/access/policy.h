#ifndef DAYTONAD_DAEMON_ACCESS_POLICY_H_
#define DAYTONAD_DAEMON_ACCESS_POLICY_H_

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/effect.h"

namespace daytonad {

// Who wants to do what to which object.
struct AccessRequest {
  // As the listener knows it: without the name that the client gives itself, which proves nothing.
  const Caller& caller;
  // "daytonad.v1.DaytonaService/StartSandbox".
  std::string_view method;
  Effect effect = Effect::kRead;
  // The id or name in the request; empty: the call is not about one object.
  std::string_view object{};
};

// Decides about each call before its handler runs, cached reads included: OK, or PERMISSION_DENIED. Called on any
// thread; cheap.
using AccessPolicy = std::function<absl::Status(const AccessRequest&)>;

// Whether the caller may call mutations at all.
bool MayMutate(const Caller& caller);

// The daemon's policy: PERMISSION_DENIED (READ_ONLY_LISTENER, metadata `listener`) for mutations of a read-only caller.
absl::Status CheckAccess(const AccessRequest& request);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_ACCESS_POLICY_H_
