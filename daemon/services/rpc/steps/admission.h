#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STEPS_ADMISSION_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STEPS_ADMISSION_H_

#include <cstddef>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_gate.h"
#include "daemon/services/rpc/endpoint.h"
#include "daemon/services/rpc/server_call.h"

// Step 2 of a call: admission. The gate limits the calls of all clients, before anything is spent on one; the drain
// rejects calls once the daemon stops.
namespace daytonad {

// Nullopt: rejected, for the gate's reason. On gRPC's threads.
std::optional<CallGate::Place> EnterGate(const Arrival& arrival, size_t request_bytes);

// Adds the call to those in progress; CallRegistry::Remove ends that. SHUTTING_DOWN in a drain, once that may be told.
// On the loop.
Task<absl::Status> Admit(const RpcRuntime& runtime, std::shared_ptr<ServerCall> call);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STEPS_ADMISSION_H_
