#ifndef DAYTONAD_DAEMON_SERVICES_DAYTONA_HANDLERS_H_
#define DAYTONAD_DAEMON_SERVICES_DAYTONA_HANDLERS_H_

#include "absl/status/statusor.h"
#include "daemon/operations/requests/forwarding.h"
#include "daemon/operations/sandbox/sandboxes.h"
#include "daemon/services/checks/request_checks.h"
#include "daemon/services/checks/setting_checks.h"
#include "daemon/services/rpc/encoded.h"
#include "daemon/services/rpc/stream_writer.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {

// The RPCs of DaytonaService: parse, validate, call one operation, answer. daytona_service.proto specifies them.
class DaytonaHandlers {
 public:
  DaytonaHandlers(SandboxOperations& sandboxes, ForwardingOperations& forwarding)
      : sandboxes_(sandboxes), forwarding_(forwarding) {}

  Task<absl::StatusOr<v1::CreateSandboxResponse>> CreateSandbox(CallContext context, v1::CreateSandboxRequest request);
  Task<absl::Status> CreateSandboxStream(CallContext context, v1::CreateSandboxStreamRequest request,
                                         StreamWriter<v1::CreateSandboxStreamResponse>* writer);
  // GetSandbox's answer from the cache, on any thread.
  std::optional<CachedObject<v1::Sandbox>> FindCached(const v1::GetSandboxRequest& request) const;
  Task<absl::StatusOr<v1::GetSandboxResponse>> GetSandbox(CallContext context, v1::GetSandboxRequest request);
  Task<absl::StatusOr<v1::FindSandboxResponse>> FindSandbox(CallContext context, v1::FindSandboxRequest request);
  Task<absl::StatusOr<v1::ListSandboxesResponse>> ListSandboxes(CallContext context, v1::ListSandboxesRequest request);
  Task<absl::StatusOr<v1::StartSandboxResponse>> StartSandbox(CallContext context, v1::StartSandboxRequest request);
  Task<absl::StatusOr<v1::StopSandboxResponse>> StopSandbox(CallContext context, v1::StopSandboxRequest request);
  Task<absl::StatusOr<v1::DeleteSandboxResponse>> DeleteSandbox(CallContext context, v1::DeleteSandboxRequest request);
  Task<absl::StatusOr<Encoded<v1::WaitSandboxResponse>>> WaitSandbox(CallContext context,
                                                                     v1::WaitSandboxRequest request);
  Task<absl::Status> WatchSandbox(CallContext context, v1::WatchSandboxRequest request,
                                  StreamWriter<v1::WatchSandboxResponse>* writer);
  Task<absl::Status> StreamSandboxes(CallContext context, v1::StreamSandboxesRequest request,
                                     StreamWriter<v1::StreamSandboxesResponse>* writer);
  // The RPCs that change a setting. Each passes through: it is checked and becomes one request to upstream.
  template <typename Request, typename Response>
  Task<absl::StatusOr<Response>> Set(CallContext context, Request request) {
    FieldViolations violations;
    CheckSetting(request, violations);
    absl::StatusOr<CallContext> mutation = CheckMutation(std::move(context), request, violations);
    if (!mutation.ok()) co_return mutation.status();
    std::string sandbox = request.sandbox();
    auto shared = std::make_shared<const Request>(std::move(request));
    co_return co_await forwarding_.MutateSandbox<Response>(*std::move(mutation), std::move(sandbox), std::move(shared));
  }

 private:
  Task<absl::StatusOr<v1::ListSandboxesResponse>> ListByPage(CallContext context, v1::ListSandboxesRequest request);
  Task<absl::StatusOr<v1::ListSandboxesResponse>> ListByToken(CallContext context, v1::ListSandboxesRequest request);

  SandboxOperations& sandboxes_;
  ForwardingOperations& forwarding_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_DAYTONA_HANDLERS_H_
