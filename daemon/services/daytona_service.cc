#include "daemon/services/daytona_service.h"

#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad {

const ServiceTable<DaytonaHandlers>& DaytonaServiceTable() {
  using H = DaytonaHandlers;
  constexpr Effect kRead = Effect::kRead;
  constexpr Effect kMutation = Effect::kMutation;
  static const auto* const kTable = new ServiceTable<H>{
      .service = v1::DaytonaService::service_full_name(),
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
          Unary("SetSandboxLabels", kMutation, "sandbox",
                &H::Set<v1::SetSandboxLabelsRequest, v1::SetSandboxLabelsResponse>),
          Unary("SetSandboxAutoStop", kMutation, "sandbox",
                &H::Set<v1::SetSandboxAutoStopRequest, v1::SetSandboxAutoStopResponse>),
          Unary("SetSandboxAutoPause", kMutation, "sandbox",
                &H::Set<v1::SetSandboxAutoPauseRequest, v1::SetSandboxAutoPauseResponse>),
          Unary("SetSandboxAutoArchive", kMutation, "sandbox",
                &H::Set<v1::SetSandboxAutoArchiveRequest, v1::SetSandboxAutoArchiveResponse>),
          Unary("SetSandboxAutoDelete", kMutation, "sandbox",
                &H::Set<v1::SetSandboxAutoDeleteRequest, v1::SetSandboxAutoDeleteResponse>),
          Unary("SetSandboxTtl", kMutation, "sandbox", &H::Set<v1::SetSandboxTtlRequest, v1::SetSandboxTtlResponse>),
          Unary("SetSandboxPublic", kMutation, "sandbox",
                &H::Set<v1::SetSandboxPublicRequest, v1::SetSandboxPublicResponse>),
          Unary("SetSandboxNetwork", kMutation, "sandbox",
                &H::Set<v1::SetSandboxNetworkRequest, v1::SetSandboxNetworkResponse>),
          Unary("RefreshSandboxActivity", kMutation, "sandbox",
                &H::Set<v1::RefreshSandboxActivityRequest, v1::RefreshSandboxActivityResponse>),
      }};
  return *kTable;
}

}  // namespace daytonad
