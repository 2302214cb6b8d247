#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <optional>
#include <string_view>
#include <utility>

#include "daemon/api/cached_reads.h"
#include "daemon/services/rpc/encoded.h"
#include "daemon/services/rpc/pipeline.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/rpc/steps/access.h"
#include "daemon/services/rpc/steps/recording.h"
#include "daemon/services/rpc/unary.h"

namespace daytonad {

// Looks the answer up in the cache; called on gRPC's threads. Nullopt: the handler on the loop answers, including
// errors.
template <typename Handlers, typename Request, typename T>
using CachedHandler = std::optional<CachedObject<T>> (Handlers::*)(const Request&) const;

// Keeps the call open until gRPC has sent the answer.
class AnsweredReactor final : public grpc_internals::InlineReactor<grpc::ServerUnaryReactor> {
 public:
  AnsweredReactor(CallGate::Place place, UntakenAnswers& answers, grpc_call* call, size_t bytes)
      : place_(std::move(place)) {
    answers.Add(call, bytes, untaken_);
    Finish(grpc::Status::OK);
  }

 private:
  const CallGate::Place place_;
  UntakenAnswers::Ticket untaken_;
};

// A unary read that is answered from the cache if possible, without a hop to the loop, by a message whose field `field`
// is the object. A call that may not be answered so, because of the drain or the access policy, goes to the loop as any
// other: there it gets its error.
template <typename Handlers, typename Request, typename Response, typename T>
grpc::ServerUnaryReactor* StartCachedUnary(const ServiceEndpoint<Handlers>& endpoint,
                                           grpc::CallbackServerContext& context, const grpc::ByteBuffer* bytes,
                                           grpc::ByteBuffer* response,
                                           UnaryHandler<Handlers, Request, Response> handler,
                                           CachedHandler<Handlers, Request, T> find, int field) {
  const Arrival arrival(endpoint, context);
  Request request;
  auto entry = EnterWith<grpc::ServerUnaryReactor>(endpoint, arrival, bytes, &request);
  if (entry.rejected != nullptr) return entry.rejected;

  const RpcRuntime& runtime = endpoint.runtime;
  const std::string_view object = endpoint.method.ObjectOf(request);
  const bool is_read = endpoint.method.EffectOf(request) == Effect::kRead;
  if (is_read && !runtime.calls.draining() && MayCall(endpoint, Effect::kRead, object).ok()) {
    const std::optional<CachedObject<T>> cached = (entry.handlers->*find)(request);
    if (cached.has_value()) {
      EncodeField(field, *cached->object).Swap(response);
      TellReadSource(context, ReadSource::kHit, cached->age);
      RecordHit(arrival, object);
      return new AnsweredReactor(*std::move(entry.place), runtime.answers, context.c_call(), response->Length());
    }
  }
  auto* const reactor = new UnaryReactor<Handlers, Request, Response>(arrival, *std::move(entry.place), response);
  reactor->Start(*entry.handlers, handler, std::move(request));
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_
