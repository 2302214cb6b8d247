#ifndef DAYTONAD_DAEMON_SERVICES_RPC_HELD_CALL_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_HELD_CALL_H_

#include <grpc/grpc.h>
#include <grpcpp/support/status.h>

#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// Keeps gRPC's own object of a call alive, so that the call can be cancelled after its reactor and server context may
// be gone.
class HeldCall {
 public:
  // The call must be in progress.
  explicit HeldCall(grpc_call* call) : call_(call) { grpc_call_ref(call_); }
  HeldCall(HeldCall&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
  HeldCall& operator=(HeldCall&&) = delete;
  HeldCall(const HeldCall&) = delete;
  HeldCall& operator=(const HeldCall&) = delete;
  ~HeldCall() {
    if (call_ != nullptr) grpc_call_unref(call_);
  }

  // Cancels the call at once, together with unsent messages; does nothing if it has ended. The client gets code and
  // message: gRPC drops the details of a status that overtakes messages.
  void Cancel(const grpc::Status& status) {
    grpc_call_cancel_with_status(call_, static_cast<grpc_status_code>(status.error_code()),
                                 status.error_message().c_str(), nullptr);
  }

 private:
  grpc_call* call_;
};

// Cancels a call whose client has stopped reading. Its final status waits behind a message that gRPC could not write;
// the client gets both if it reads on within a grace period. Spawn it before the status is passed to gRPC.
Task<void> CancelAfterGrace(Clock& clock, HeldCall call, grpc::Status status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_HELD_CALL_H_
