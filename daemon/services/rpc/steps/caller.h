#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STEPS_CALLER_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STEPS_CALLER_H_

#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/services/rpc/endpoint.h"

// Step 1 of a call: who calls, and which backend serves them.
namespace daytonad {

// The handlers that serve the caller; null if there is no such backend.
template <typename Handlers>
Handlers* HandlersForCaller(const ServiceEndpoint<Handlers>& endpoint) {
  return endpoint.handlers(kDefaultBackend);
}
// The error of a call whose backend does not exist.
absl::Status NoBackendError();

// The caller with the client's identity. Costs several allocations: calls that are answered at once do without.
Caller IdentifyCaller(const Caller& listener, const grpc::ServerContextBase& context);

// The identity of a call that runs on the loop.
std::shared_ptr<const CallIdentity> IdentifyCall(const Arrival& arrival);

// The client of a call for fair queueing: "unix" or the peer's IP address, plus "/NAME" if the call has a valid name of
// 1 to 64 visible ASCII characters. `peer` is gRPC's name, "ipv4:10.0.0.1:4711".
std::string ClientIdentity(std::string_view peer, std::string_view given_name);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STEPS_CALLER_H_
