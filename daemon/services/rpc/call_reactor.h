#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CALL_REACTOR_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CALL_REACTOR_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_gate.h"
#include "daemon/services/rpc/endpoint.h"
#include "daemon/services/rpc/grpc_internals.h"
#include "daemon/services/rpc/grpc_status.h"
#include "daemon/services/rpc/held_call.h"
#include "daemon/services/rpc/pipeline.h"
#include "daemon/services/rpc/retry_hint.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/steps/caller.h"
#include "daemon/services/rpc/steps/recording.h"

namespace daytonad {

// What the reactors of all kinds of calls share: each bridges one call from gRPC's threads to the loop and back.
template <typename Reactor>
class CallReactor : public grpc_internals::InlineReactor<Reactor> {
 public:
  void OnCancel() final {
    boost::asio::post(runtime().executor, [call = call_] { call->ClientGone(); });
  }

 protected:
  CallReactor(const Arrival& arrival, CallGate::Place place)
      : endpoint_(arrival.endpoint),
        place_(std::move(place)),
        call_(std::make_shared<ServerCall>(arrival.endpoint.method.info().kind, IdentifyCall(arrival), arrival.time,
                                           arrival.endpoint.runtime.max_queue_wait)),
        context_(arrival.context) {
    call_->set_effect(endpoint_.method.info().effect);
  }

  const RpcRuntime& runtime() const { return endpoint_.runtime; }
  const Method& method() const { return endpoint_.method; }
  ServerCall& call() const { return *call_; }
  grpc::CallbackServerContext& context() const { return context_; }

  Task<absl::Status> PassSteps(DefaultLimit default_limit, std::string_view object = {}) {
    return daytonad::PassSteps(endpoint_, call_, context_, default_limit, object);
  }

  // The end of the call, on the loop: returns what to pass to Finish, at once. When that has been passed, the reactor
  // may be gone, and with the last call also the daemon.
  grpc::Status End(absl::Status status) {
    status = call_->FinalStatus(std::move(status));
    HintRetry(context_, status);
    RecordEnd(runtime(), *call_, status);
    runtime().calls.Remove(call_);
    return ToGrpcStatus(status);
  }
  // The end of a stream to the client. `stuck`: gRPC has a message that the client does not read.
  void EndStream(absl::Status status, bool stuck) {
    const grpc::Status last = End(std::move(status));
    if (stuck) Spawn(runtime().executor, CancelAfterGrace(runtime().clock, HeldCall(context_.c_call()), last));
    this->Finish(last);
  }

 private:
  const Endpoint& endpoint_;
  const CallGate::Place place_;
  const std::shared_ptr<ServerCall> call_;
  grpc::CallbackServerContext& context_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CALL_REACTOR_H_
