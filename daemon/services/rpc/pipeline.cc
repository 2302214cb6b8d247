#include "daemon/services/rpc/pipeline.h"

#include "daemon/services/rpc/steps/access.h"

namespace daytonad {

Task<absl::Status> PassSteps(const Endpoint& endpoint, std::shared_ptr<ServerCall> call,
                             const grpc::ServerContextBase& server_context, DefaultLimit default_limit,
                             std::string_view object) {
  absl::Status admitted = co_await Admit(endpoint.runtime, call);
  if (!admitted.ok()) co_return admitted;
  SetDeadline(endpoint.runtime, *call, server_context, default_limit);
  co_return MayCall(endpoint, call->effect(), object);
}

}  // namespace daytonad
