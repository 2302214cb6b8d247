#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STEPS_ACCESS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STEPS_ACCESS_H_

#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/effect.h"
#include "daemon/services/rpc/endpoint.h"

// Step 4 of a call, the last before its handler: whether the caller may do this to the object. Any thread.
namespace daytonad {

inline absl::Status MayCall(const Endpoint& endpoint, Effect effect, std::string_view object) {
  return endpoint.runtime.access(
      AccessRequest{.caller = endpoint.listener, .method = endpoint.method.name(), .effect = effect, .object = object});
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STEPS_ACCESS_H_
