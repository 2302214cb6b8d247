#include "daemon/services/all_services.h"

#include <utility>

#include "absl/status/status.h"
#include "daemon/services/build_service.h"
#include "daemon/services/daemon_service.h"
#include "daemon/services/daytona_service.h"
#include "daemon/services/rpc/table_service.h"
#include "daemon/services/snapshot_service.h"
#include "daemon/services/volume_service.h"

namespace daytonad {
namespace {

// Calls `use` with each table, and where its handlers are in a backend's.
template <typename Use>
void ForEachTable(const Use& use) {
  use(DaytonaServiceTable(), &BackendHandlers::daytona);
  use(SnapshotServiceTable(), &BackendHandlers::snapshots);
  use(VolumeServiceTable(), &BackendHandlers::volumes);
  use(BuildServiceTable(), &BackendHandlers::builds);
  use(DaemonServiceTable(), &BackendHandlers::daemon);
}

}  // namespace

std::vector<ServiceInfo> AllServices() {
  std::vector<ServiceInfo> services;
  ForEachTable([&](const auto& table, auto /*handlers*/) { services.push_back(InfoOf(table)); });
  return services;
}

std::vector<std::string> AllServiceNames() {
  std::vector<std::string> names;
  ForEachTable([&](const auto& table, auto /*handlers*/) { names.push_back(table.service); });
  return names;
}

absl::StatusOr<std::vector<std::unique_ptr<grpc::Service>>> MakeAllServices(const RpcRuntime& runtime,
                                                                            const Caller& listener,
                                                                            const BackendDirectory& backends) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  absl::Status status;
  ForEachTable([&]<typename Handlers>(const ServiceTable<Handlers>& table, Handlers* BackendHandlers::*member) {
    const auto handlers = [backends, member](std::string_view name) -> Handlers* {
      const BackendHandlers* const backend = backends(name);
      return backend == nullptr ? nullptr : backend->*member;
    };
    absl::StatusOr<std::unique_ptr<grpc::Service>> service =
        TableService<Handlers>::Make(table, runtime, listener, handlers);
    status.Update(service.status());
    if (service.ok()) services.push_back(*std::move(service));
  });
  if (!status.ok()) return status;
  return services;
}

}  // namespace daytonad
