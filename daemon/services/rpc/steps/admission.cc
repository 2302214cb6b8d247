#include "daemon/services/rpc/steps/admission.h"

#include <utility>

namespace daytonad {

std::optional<CallGate::Place> EnterGate(const Arrival& arrival, size_t request_bytes) {
  return arrival.endpoint.runtime.gate.Enter(arrival.context, request_bytes);
}

Task<absl::Status> Admit(const RpcRuntime& runtime, std::shared_ptr<ServerCall> call) {
  absl::Status admitted = runtime.calls.Add(call);
  if (!admitted.ok()) (void)co_await runtime.calls.MayRefuse(runtime.clock, call->context());
  co_return admitted;
}

}  // namespace daytonad
