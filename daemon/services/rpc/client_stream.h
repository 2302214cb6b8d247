#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CLIENT_STREAM_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CLIENT_STREAM_H_

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
#include "daemon/services/rpc/message_reader.h"
#include "daemon/services/rpc/pipeline.h"
#include "daemon/services/rpc/stream_reader.h"

namespace daytonad {

// A handler of a client-streaming RPC. It may answer before it has read all messages. The reader is valid until it
// returns.
template <typename Handlers, typename Request, typename Response>
using ClientStreamHandler = Task<absl::StatusOr<Response>> (Handlers::*)(CallContext, StreamReader<Request>*);

// Bridges one client-streaming RPC. In a drain it counts as a unary call: it ends on its own, so it may continue.
template <typename Handlers, typename Request, typename Response>
class ClientStreamReactor final : public CallReactor<grpc::ServerReadReactor<grpc::ByteBuffer>> {
 public:
  using Handler = ClientStreamHandler<Handlers, Request, Response>;

  ClientStreamReactor(const Arrival& arrival, CallGate::Place place, grpc::ByteBuffer* response)
      : CallReactor(arrival, std::move(place)), response_(response), reader_(*this, runtime(), context()) {}

  void Start(Handlers& handlers, Handler handler) { Spawn(runtime().executor, Run(this, &handlers, handler)); }

  void OnReadDone(bool ok) override { reader_.OnReadDone(ok); }

 private:
  static Task<void> Run(ClientStreamReactor* reactor, Handlers* handlers, Handler handler) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    absl::Status status = co_await reactor->PassSteps(DefaultLimit::kNone);
    if (status.ok()) {
      absl::StatusOr<Response> response = co_await (handlers->*handler)(reactor->call().context(), &reactor->reader_);
      status = response.status();
      if (status.ok()) status = reactor->Put(*response);
    }
    reactor->Finish(reactor->End(std::move(status)));
  }

  absl::Status Put(const Response& response) {
    const grpc::Status put = PutAnswer(response, response_);
    return put.ok() ? absl::OkStatus() : absl::InternalError(put.error_message());
  }

  grpc::ByteBuffer* const response_;
  MessageReader<ClientStreamReactor, Request> reader_;
};

template <typename Handlers, typename Request, typename Response>
grpc::ServerReadReactor<grpc::ByteBuffer>* StartClientStream(const ServiceEndpoint<Handlers>& endpoint,
                                                             grpc::CallbackServerContext& context,
                                                             grpc::ByteBuffer* response,
                                                             ClientStreamHandler<Handlers, Request, Response> handler) {
  const Arrival arrival(endpoint, context);
  auto entry = Enter<grpc::ServerReadReactor<grpc::ByteBuffer>>(endpoint, arrival, 0);
  if (entry.rejected != nullptr) return entry.rejected;
  auto* const reactor =
      new ClientStreamReactor<Handlers, Request, Response>(arrival, *std::move(entry.place), response);
  reactor->Start(*entry.handlers, handler);
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CLIENT_STREAM_H_
