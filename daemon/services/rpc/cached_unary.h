#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <optional>
#include <utility>

#include "daemon/api/cached_reads.h"
#include "daemon/services/rpc/encoded.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {

// Looks the answer up in the cache; called on gRPC's threads. Nullopt: the handler on the loop answers, including
// errors.
template <typename Service, typename Request, typename T>
using CachedHandler = std::optional<CachedObject<T>> (Service::*)(const Caller&, const Request&) const;

// Keeps the call open until gRPC has sent the answer.
class AnsweredReactor final : public grpc::ServerUnaryReactor {
 public:
  AnsweredReactor(CallGate::Place place, UntakenAnswers& answers, grpc_call* call, size_t bytes)
      : place_(std::move(place)) {
    answers.Add(call, bytes, untaken_);
    Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }
  bool InternalInlineable() override { return true; }  // as UnaryReactor

 private:
  const CallGate::Place place_;
  UntakenAnswers::Ticket untaken_;
};

// Answers a read from the cache, without a hop to the loop. Null if that is impossible; `place` is unchanged then.
template <typename Service, typename Request, typename T>
grpc::ServerUnaryReactor* TryCachedUnary(const RpcRuntime& runtime, CallGate::Place& place,
                                         grpc::CallbackServerContext* context, const Caller& caller,
                                         const grpc::ByteBuffer* bytes, grpc::ByteBuffer* response,
                                         const Service& service, CachedHandler<Service, Request, T> find, int field) {
  Request request;
  grpc::ByteBuffer readable(*bytes);  // parsing consumes; a copy shares the slices
  if (!ReadMessage(&readable, &request, runtime.max_request_bytes).ok()) return nullptr;
  const std::optional<CachedObject<T>> cached = (service.*find)(caller, request);
  if (!cached.has_value()) return nullptr;
  EncodeField(field, *cached->object).Swap(response);
  TellReadSource(*context, ReadSource::kHit, cached->age);
  return new AnsweredReactor(std::move(place), runtime.answers, context->c_call(), response->Length());
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_
