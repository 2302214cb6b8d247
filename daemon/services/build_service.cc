#include "daemon/services/build_service.h"

#include "daytonad/v1/build_service.grpc.pb.h"

namespace daytonad {

const ServiceTable<BuildHandlers>& BuildServiceTable() {
  using H = BuildHandlers;
  static const auto* const kTable =
      new ServiceTable<H>{.service = v1::BuildService::service_full_name(),
                          .rows = {
                              ServerStream("StreamBuildLogs", Effect::kRead, "target", &H::StreamBuildLogs),
                              ClientStream("UploadBuildContext", Effect::kMutation, &H::UploadBuildContext),
                          }};
  return *kTable;
}

}  // namespace daytonad
