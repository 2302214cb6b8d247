#ifndef DAYTONAD_DAEMON_SERVICES_RPC_RETRY_HINT_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_RETRY_HINT_H_

#include <grpcpp/server_context.h>

#include "absl/status/status.h"
#include "daemon/base/error.h"
#include "daemon/services/rpc/server_call.h"

namespace daytonad {

// gRPC's clients repeat a read that ends in UNAVAILABLE, if they are told to (client/service_config.json). That is
// meant for a daemon that ends, since another one may be there. What Daytona can't serve the daemon has tried again
// itself, for as long as the call lasts, and each client's repeating it would hit Daytona several times as hard: gRPC's
// own entry says no. Before Finish.
inline void HintRetry(grpc::ServerContextBase& context, const absl::Status& status) {
  if (!absl::IsUnavailable(status) || ErrorReason(status) == kShuttingDown) return;
  context.AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_RETRY_HINT_H_
