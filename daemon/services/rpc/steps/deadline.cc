#include "daemon/services/rpc/steps/deadline.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "daemon/base/call_progress.h"

namespace daytonad {

void SetDeadline(const RpcRuntime& runtime, ServerCall& call, const grpc::ServerContextBase& server_context,
                 DefaultLimit default_limit) {
  using std::chrono::system_clock;
  // gRPC has wall time, and its maximum for "never". What is left of it bounds the call on the daemon's own clock.
  const system_clock::time_point deadline = server_context.deadline();
  const auto left = std::chrono::duration_cast<Clock::Duration>(deadline - system_clock::now());
  const Clock::TimePoint now = runtime.clock.Now();
  CallContext context = call.context().WithDeadline(now + std::min(left, runtime.max_wait));
  if (deadline == system_clock::time_point::max() && default_limit == DefaultLimit::kSingleRequest) {
    context = context.WithProgress(std::make_shared<PausableLimit>(now, kSingleRequestLimit, context.max_queue_wait()));
  }
  call.set_context(std::move(context));
}

}  // namespace daytonad
