#ifndef DAYTONAD_DAEMON_SERVICES_RPC_RETRY_HINT_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_RETRY_HINT_H_

#include <grpcpp/server_context.h>

#include "absl/status/status.h"
#include "daemon/base/error.h"
#include "daemon/services/rpc/rpc_errors.h"

namespace daytonad {

// gRPC clients retry a read that ends in UNAVAILABLE if configured (client/service_config.json). That is meant for a
// stopping daemon, because another one may be available. If Daytona is unavailable, the daemon has already retried
// until the call's deadline, and client retries would multiply the load on Daytona: gRPC's push-back metadata forbids
// them. Call it before Finish.
inline void HintRetry(grpc::ServerContextBase& context, const absl::Status& status) {
  if (!absl::IsUnavailable(status) || ErrorReason(status) == kShuttingDown) return;
  context.AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_RETRY_HINT_H_
