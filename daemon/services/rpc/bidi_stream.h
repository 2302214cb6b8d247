#ifndef DAYTONAD_DAEMON_SERVICES_RPC_BIDI_STREAM_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_BIDI_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_reactor.h"
#include "daemon/services/rpc/message_reader.h"
#include "daemon/services/rpc/message_writer.h"
#include "daemon/services/rpc/pipeline.h"
#include "daemon/services/rpc/stream_reader.h"
#include "daemon/services/rpc/stream_writer.h"

namespace daytonad {

// A handler of a bidirectional RPC; the stream ends with the status that it returns. It may read and write at the same
// time. Reader and writer are valid until it returns.
template <typename Handlers, typename Request, typename Response>
using BidiHandler = Task<absl::Status> (Handlers::*)(CallContext, StreamReader<Request>*, StreamWriter<Response>*);

// Bridges one bidirectional RPC. A drain ends it, like a server stream.
template <typename Handlers, typename Request, typename Response>
class BidiStreamReactor final : public CallReactor<grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>> {
 public:
  using Handler = BidiHandler<Handlers, Request, Response>;

  BidiStreamReactor(const Arrival& arrival, CallGate::Place place)
      : CallReactor(arrival, std::move(place)),
        reader_(*this, runtime(), context()),
        writer_(*this, runtime(), call(), context().c_call()) {}

  void Start(Handlers& handlers, Handler handler) { Spawn(runtime().executor, Run(this, &handlers, handler)); }

  void OnReadDone(bool ok) override { reader_.OnReadDone(ok); }
  void OnWriteDone(bool ok) override { writer_.OnWriteDone(ok); }

 private:
  static Task<void> Run(BidiStreamReactor* reactor, Handlers* handlers, Handler handler) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    absl::Status status = co_await reactor->PassSteps(DefaultLimit::kNone);
    if (status.ok()) {
      status = co_await (handlers->*handler)(reactor->call().context(), &reactor->reader_, &reactor->writer_);
    }
    reactor->EndStream(std::move(status), reactor->writer_.given_up());
  }

  MessageReader<BidiStreamReactor, Request> reader_;
  MessageWriter<BidiStreamReactor, Response> writer_;
};

template <typename Handlers, typename Request, typename Response>
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartBidiStream(
    const ServiceEndpoint<Handlers>& endpoint, grpc::CallbackServerContext& context,
    BidiHandler<Handlers, Request, Response> handler) {
  const Arrival arrival(endpoint, context);
  auto entry = Enter<grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>>(endpoint, arrival, 0);
  if (entry.rejected != nullptr) return entry.rejected;
  auto* const reactor = new BidiStreamReactor<Handlers, Request, Response>(arrival, *std::move(entry.place));
  reactor->Start(*entry.handlers, handler);
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_BIDI_STREAM_H_
