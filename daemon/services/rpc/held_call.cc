#include "daemon/services/rpc/held_call.h"

#include <chrono>

#include "daemon/base/call_context.h"

namespace daytonad {

Task<void> CancelAfterGrace(Clock& clock, HeldCall call, grpc::Status status) {
  constexpr auto kGrace = std::chrono::seconds(10);
  (void)co_await clock.Sleep(CallContext::Background("end of a stream"), kGrace);
  call.Cancel(status);
}

}  // namespace daytonad
