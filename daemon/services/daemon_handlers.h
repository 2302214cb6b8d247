#ifndef DAYTONAD_DAEMON_SERVICES_DAEMON_HANDLERS_H_
#define DAYTONAD_DAEMON_SERVICES_DAEMON_HANDLERS_H_

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/operations/daemon/daemon_info.h"
#include "daytonad/v1/daemon_service.pb.h"

namespace daytonad {

// The RPCs of DaemonService. What they promise is in daemon_service.proto.
class DaemonHandlers {
 public:
  explicit DaemonHandlers(const DaemonInfoOperations& info) : info_(info) {}

  Task<absl::StatusOr<v1::GetDaemonInfoResponse>> GetDaemonInfo(CallContext context, v1::GetDaemonInfoRequest request);

 private:
  const DaemonInfoOperations& info_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_DAEMON_HANDLERS_H_
