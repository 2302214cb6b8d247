#include "daemon/services/daytona_service.h"

#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad {

const ServiceTable<DaytonaHandlers>& DaytonaServiceTable() {
  using H = DaytonaHandlers;
  constexpr Effect kRead = Effect::kRead;
  constexpr Effect kMutation = Effect::kMutation;
  static const auto* const kTable =
      new ServiceTable<H>{.service = v1::DaytonaService::service_full_name(),
                          .rows = {
                              Unary("CreateSandbox", kMutation, "spec.name", &H::CreateSandbox),
                              ServerStream("CreateSandboxStream", kMutation, "spec.name", &H::CreateSandboxStream),
                              CachedUnary("GetSandbox", kRead, "sandbox", &H::GetSandbox, &H::FindCached,
                                          v1::GetSandboxResponse::kSandboxFieldNumber),
                              Unary("FindSandbox", kRead, "sandbox", &H::FindSandbox),
                              Unary("ListSandboxes", kRead, "", &H::ListSandboxes),
                              Unary("StartSandbox", kMutation, "sandbox", &H::StartSandbox),
                              Unary("StopSandbox", kMutation, "sandbox", &H::StopSandbox),
                              Unary("DeleteSandbox", kMutation, "sandbox", &H::DeleteSandbox),
                              Unary("WaitSandbox", kRead, "sandbox", &H::WaitSandbox),
                              ServerStream("WatchSandbox", kRead, "sandbox", &H::WatchSandbox),
                              ServerStream("StreamSandboxes", kRead, "", &H::StreamSandboxes),
                          }};
  return *kTable;
}

}  // namespace daytonad
