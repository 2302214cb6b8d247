#include "daemon/services/daemon_service.h"

#include "daytonad/v1/daemon_service.grpc.pb.h"

namespace daytonad {

const ServiceTable<DaemonHandlers>& DaemonServiceTable() {
  using H = DaemonHandlers;
  static const auto* const kTable =
      new ServiceTable<H>{.service = v1::DaemonService::service_full_name(),
                          .rows = {
                              Unary("GetDaemonInfo", Effect::kRead, "", &H::GetDaemonInfo),
                          }};
  return *kTable;
}

}  // namespace daytonad
