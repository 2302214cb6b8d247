#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STEPS_DEADLINE_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STEPS_DEADLINE_H_

#include <grpcpp/server_context.h>

#include <chrono>

#include "daemon/services/rpc/rpc_runtime.h"
#include "daemon/services/rpc/server_call.h"

// Step 3 of a call: its deadline.
namespace daytonad {

// The time limit of a call that is a single request, has no `timeout` of its own, and comes without a deadline. Time in
// queues does not count.
inline constexpr auto kSingleRequestLimit = std::chrono::seconds(60);

// Whether kSingleRequestLimit applies to calls without a deadline.
enum class DefaultLimit { kNone, kSingleRequest };

// A request with a `timeout` of its own may wait, and bounds that itself.
template <typename Request>
constexpr DefaultLimit DefaultLimitOf() {
  constexpr bool kHasTimeout = requires(const Request& request) { request.has_timeout(); };
  return kHasTimeout ? DefaultLimit::kNone : DefaultLimit::kSingleRequest;
}

// Sets the deadline of the call's context: the client's, at most --max-wait from now.
void SetDeadline(const RpcRuntime& runtime, ServerCall& call, const grpc::ServerContextBase& server_context,
                 DefaultLimit default_limit);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STEPS_DEADLINE_H_
