#ifndef DAYTONAD_DAEMON_SERVICES_RPC_PIPELINE_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_PIPELINE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_gate.h"
#include "daemon/services/rpc/endpoint.h"
#include "daemon/services/rpc/grpc_internals.h"
#include "daemon/services/rpc/grpc_status.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/steps/admission.h"
#include "daemon/services/rpc/steps/caller.h"
#include "daemon/services/rpc/steps/deadline.h"
#include "daemon/services/rpc/steps/recording.h"
#include "daemon/services/rpc/take_request.h"

// The steps of every call before its handler, in their order (steps/):
//
//   1. who calls        the caller, and the handlers of their backend
//   2. admission        the gate; on the loop the drain
//   3. deadline
//   4. access           may this caller do this to this object?
//
// Enter() is what happens on gRPC's thread, PassSteps() what happens on the loop; a read that the cache answers passes
// its steps without the loop (cached_unary.h). Between the two the request is read: bytes that are no request are
// rejected before access is asked, and fields are validated after it, by the handler.
//
// Around them: each call ends in one of the functions of steps/recording.h.
namespace daytonad {

// The reactor of a call that ends at its arrival.
template <typename Reactor>
class EndedCall final : public grpc_internals::InlineReactor<Reactor> {
 public:
  EndedCall(const grpc::Status& status, std::optional<CallGate::Place> place) : place_(std::move(place)) {
    this->Finish(status);
  }

 private:
  const std::optional<CallGate::Place> place_;  // until gRPC has sent the status
};

// Rejects a call at its arrival.
template <typename Reactor>
Reactor* Reject(const Arrival& arrival, const absl::Status& status, std::optional<CallGate::Place> place) {
  RecordRejected(arrival, status);
  return new EndedCall<Reactor>(ToGrpcStatus(status), std::move(place));
}

// A call after its first steps: its handlers and its place; or the reactor that rejects it.
template <typename Reactor, typename Handlers>
struct Entry {
  Handlers* handlers = nullptr;
  std::optional<CallGate::Place> place{};
  Reactor* rejected = nullptr;
};

// The steps on gRPC's thread.
template <typename Reactor, typename Handlers>
Entry<Reactor, Handlers> Enter(const ServiceEndpoint<Handlers>& endpoint, const Arrival& arrival,
                               size_t request_bytes) {
  Handlers* const handlers = HandlersForCaller(endpoint);
  if (handlers == nullptr) return {.rejected = Reject<Reactor>(arrival, NoBackendError(), std::nullopt)};
  std::optional<CallGate::Place> place = EnterGate(arrival, request_bytes);
  if (!place.has_value()) {
    const CallGate& gate = endpoint.runtime.gate;
    RecordRejected(arrival, gate.refusal());
    return {.rejected = new EndedCall<Reactor>(gate.refusal_status(), std::nullopt)};
  }
  return {.handlers = handlers, .place = std::move(place)};
}

// Enter(), and then reads the request.
template <typename Reactor, typename Handlers, typename Request>
Entry<Reactor, Handlers> EnterWith(const ServiceEndpoint<Handlers>& endpoint, const Arrival& arrival,
                                   const grpc::ByteBuffer* bytes, Request* request) {
  Entry<Reactor, Handlers> entry = Enter<Reactor>(endpoint, arrival, bytes->Length());
  if (entry.rejected != nullptr) return entry;
  const absl::Status taken = TakeRequest(bytes, request, endpoint.runtime.max_request_bytes);
  if (!taken.ok()) entry.rejected = Reject<Reactor>(arrival, taken, std::move(entry.place));
  return entry;
}

// The steps on the loop. An error is the call's final status. `object` is valid until it returns.
Task<absl::Status> PassSteps(const Endpoint& endpoint, std::shared_ptr<ServerCall> call,
                             const grpc::ServerContextBase& server_context, DefaultLimit default_limit,
                             std::string_view object);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_PIPELINE_H_
