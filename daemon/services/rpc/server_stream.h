#ifndef DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_reactor.h"
#include "daemon/services/rpc/message_writer.h"
#include "daemon/services/rpc/pipeline.h"
#include "daemon/services/rpc/stream_writer.h"

namespace daytonad {

// A handler of a server-streaming RPC; the stream ends with the status that it returns. The writer is valid until then.
template <typename Handlers, typename Request, typename Response>
using StreamHandler = Task<absl::Status> (Handlers::*)(CallContext, Request, StreamWriter<Response>*);

// Bridges one server-streaming RPC.
template <typename Handlers, typename Request, typename Response>
class ServerStreamReactor final : public CallReactor<grpc::ServerWriteReactor<grpc::ByteBuffer>> {
 public:
  using Handler = StreamHandler<Handlers, Request, Response>;

  ServerStreamReactor(const Arrival& arrival, CallGate::Place place)
      : CallReactor(arrival, std::move(place)), writer_(*this, runtime(), call(), context().c_call()) {}

  void Start(Handlers& handlers, Handler handler, Request request) {
    Describe(call(), method(), request);
    Spawn(runtime().executor, Run(this, &handlers, handler, std::move(request)));
  }

  void OnWriteDone(bool ok) override { writer_.OnWriteDone(ok); }

 private:
  static Task<void> Run(ServerStreamReactor* reactor, Handlers* handlers, Handler handler, Request request) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    absl::Status status = co_await reactor->PassSteps(DefaultLimit::kNone, reactor->method().ObjectOf(request));
    if (status.ok()) {
      status = co_await (handlers->*handler)(reactor->call().context(), std::move(request), &reactor->writer_);
    }
    reactor->EndStream(std::move(status), reactor->writer_.given_up());
  }

  MessageWriter<ServerStreamReactor, Response> writer_;
};

template <typename Handlers, typename Request, typename Response>
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartServerStream(const ServiceEndpoint<Handlers>& endpoint,
                                                              grpc::CallbackServerContext& context,
                                                              const grpc::ByteBuffer* bytes,
                                                              StreamHandler<Handlers, Request, Response> handler) {
  const Arrival arrival(endpoint, context);
  Request request;
  auto entry = EnterWith<grpc::ServerWriteReactor<grpc::ByteBuffer>>(endpoint, arrival, bytes, &request);
  if (entry.rejected != nullptr) return entry.rejected;
  auto* const reactor = new ServerStreamReactor<Handlers, Request, Response>(arrival, *std::move(entry.place));
  reactor->Start(*entry.handlers, handler, std::move(request));
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_
