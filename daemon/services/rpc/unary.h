#ifndef DAYTONAD_DAEMON_SERVICES_RPC_UNARY_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_UNARY_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_reactor.h"
#include "daemon/services/rpc/encoded.h"
#include "daemon/services/rpc/pipeline.h"
#include "daemon/services/rpc/read_source.h"

namespace daytonad {

// A handler of a unary RPC: a member function, run as a coroutine on the loop. Its Response is the RPC's, or Encoded.
template <typename Handlers, typename Request, typename Response>
using UnaryHandler = Task<absl::StatusOr<Response>> (Handlers::*)(CallContext, Request);

// Bridges one unary RPC.
template <typename Handlers, typename Request, typename Response>
class UnaryReactor final : public CallReactor<grpc::ServerUnaryReactor> {
 public:
  using Handler = UnaryHandler<Handlers, Request, Response>;

  UnaryReactor(const Arrival& arrival, CallGate::Place place, grpc::ByteBuffer* response)
      : CallReactor(arrival, std::move(place)), response_(response) {}

  void Start(Handlers& handlers, Handler handler, Request request) {
    Describe(call(), method(), request);
    Spawn(runtime().executor, Run(this, &handlers, handler, std::move(request)));
  }

 private:
  static Task<void> Run(UnaryReactor* reactor, Handlers* handlers, Handler handler, Request request) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    absl::Status passed = co_await reactor->PassSteps(DefaultLimitOf<Request>(), reactor->method().ObjectOf(request));
    if (!passed.ok()) {
      reactor->Finish(reactor->End(std::move(passed)));
      co_return;
    }
    SetReadTerms(request, reactor->call());
    absl::StatusOr<Response> response = co_await (handlers->*handler)(reactor->call().context(), std::move(request));
    reactor->Answer(std::move(response));
  }

  void Answer(absl::StatusOr<Response> response) {
    if (!response.ok()) {
      Finish(End(response.status()));
      return;
    }
    const CallFacts& facts = call().context().facts();
    if (facts.read_source.has_value()) TellReadSource(context(), *facts.read_source, facts.age);
    const grpc::Status put = PutAnswer(*response, response_);
    runtime().answers.Add(context().c_call(), response_->Length(), untaken_);
    Finish(put.ok() ? End(absl::OkStatus()) : End(absl::InternalError(put.error_message())));
  }

  grpc::ByteBuffer* const response_;
  UntakenAnswers::Ticket untaken_;
};

template <typename Handlers, typename Request, typename Response>
grpc::ServerUnaryReactor* StartUnary(const ServiceEndpoint<Handlers>& endpoint, grpc::CallbackServerContext& context,
                                     const grpc::ByteBuffer* bytes, grpc::ByteBuffer* response,
                                     UnaryHandler<Handlers, Request, Response> handler) {
  const Arrival arrival(endpoint, context);
  Request request;
  auto entry = EnterWith<grpc::ServerUnaryReactor>(endpoint, arrival, bytes, &request);
  if (entry.rejected != nullptr) return entry.rejected;
  auto* const reactor = new UnaryReactor<Handlers, Request, Response>(arrival, *std::move(entry.place), response);
  reactor->Start(*entry.handlers, handler, std::move(request));
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_UNARY_H_
