#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STEPS_RECORDING_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STEPS_RECORDING_H_

#include <string_view>

#include "absl/status/status.h"
#include "daemon/services/rpc/endpoint.h"
#include "daemon/services/rpc/rpc_runtime.h"
#include "daemon/services/rpc/server_call.h"

// Around the steps: each call ends in exactly one of these functions, which writes its record.
namespace daytonad {

// A call that ended on its arrival, with an error: rejected by the gate, not parsable, and the like.
void RecordRejected(const Arrival& arrival, const absl::Status& status);

// A read that the cache answered on its arrival.
void RecordHit(const Arrival& arrival, std::string_view object);

// A call that ran on the loop, with its final status.
void RecordEnd(const RpcRuntime& runtime, const ServerCall& call, const absl::Status& status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STEPS_RECORDING_H_
