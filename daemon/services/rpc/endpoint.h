#ifndef DAYTONAD_DAEMON_SERVICES_RPC_ENDPOINT_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_ENDPOINT_H_

#include <grpcpp/server_context.h>

#include <functional>
#include <string_view>

#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/services/rpc/method.h"
#include "daemon/services/rpc/rpc_runtime.h"

namespace daytonad {

// One method at one listener. Outlives its calls.
struct Endpoint {
  const RpcRuntime& runtime;
  Caller listener;  // the class of callers
  Method method;
};

// The handlers of a service in a backend; null if there is no such backend. Asked for each call, on gRPC's threads.
template <typename Handlers>
using HandlersOfBackend = std::function<Handlers*(std::string_view backend)>;

// An endpoint of a service with these handlers.
template <typename Handlers>
struct ServiceEndpoint : Endpoint {
  HandlersOfBackend<Handlers> handlers;
};

// A call that has just arrived, on gRPC's thread.
struct Arrival {
  Arrival(const Endpoint& endpoint, grpc::CallbackServerContext& context)
      : endpoint(endpoint), context(context), time(endpoint.runtime.clock.Now()) {}

  const Endpoint& endpoint;
  grpc::CallbackServerContext& context;
  const Clock::TimePoint time;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_ENDPOINT_H_
