#ifndef DAYTONAD_DAEMON_SERVICES_ALL_SERVICES_H_
#define DAYTONAD_DAEMON_SERVICES_ALL_SERVICES_H_

#include <grpcpp/impl/service_type.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/services/build_handlers.h"
#include "daemon/services/daemon_handlers.h"
#include "daemon/services/daytona_handlers.h"
#include "daemon/services/rpc/rpc_runtime.h"
#include "daemon/services/rpc/service_table.h"
#include "daemon/services/snapshot_handlers.h"
#include "daemon/services/volume_handlers.h"

namespace daytonad {

// The handlers of one backend.
struct BackendHandlers {
  DaytonaHandlers* daytona = nullptr;
  SnapshotHandlers* snapshots = nullptr;
  VolumeHandlers* volumes = nullptr;
  BuildHandlers* builds = nullptr;
  DaemonHandlers* daemon = nullptr;
};

// The backends by name; null for an unknown one. Asked for each call, on gRPC's threads.
using BackendDirectory = std::function<const BackendHandlers*(std::string_view backend)>;

// The tables of all services.
std::vector<ServiceInfo> AllServices();

// The full names of all services.
std::vector<std::string> AllServiceNames();

// The services of one listener. INVALID_ARGUMENT if a table contradicts its service's descriptor. The runtime and the
// backends outlive them.
absl::StatusOr<std::vector<std::unique_ptr<grpc::Service>>> MakeAllServices(const RpcRuntime& runtime,
                                                                            const Caller& listener,
                                                                            const BackendDirectory& backends);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_ALL_SERVICES_H_
