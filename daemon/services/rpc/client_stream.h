#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CLIENT_STREAM_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CLIENT_STREAM_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/base/wakeup.h"
#include "daemon/services/rpc/grpc_status.h"
#include "daemon/services/rpc/retry_hint.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/stream_reader.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {

// A handler of a client-streaming RPC. It may answer before it has read all messages. The reader is valid until it
// returns.
template <typename Service, typename Request, typename Response>
using ClientStreamHandler = Task<absl::StatusOr<Response>> (Service::*)(CallContext, StreamReader<Request>*);

// Bridges one client-streaming RPC from gRPC's threads to the loop and back (see UnaryReactor for why raw). In a drain
// it counts as a unary call: it ends on its own, so it may continue.
template <typename Service, typename Request, typename Response>
class ClientStreamReactor final : public grpc::ServerReadReactor<grpc::ByteBuffer>, private StreamReader<Request> {
 public:
  ClientStreamReactor(const RpcRuntime& runtime, CallGate::Place place, std::shared_ptr<ServerCall> call,
                      grpc::CallbackServerContext* context, grpc::ByteBuffer* response)
      : runtime_(runtime),
        place_(std::move(place)),
        call_(std::move(call)),
        context_(context),
        response_(response),
        arrival_(std::make_shared<Arrival>(runtime.executor)) {}

  void Start(Service* service, ClientStreamHandler<Service, Request, Response> handler) {
    Spawn(runtime_.executor, Run(this, service, handler));
  }

  void OnReadDone(bool ok) override {
    // A disconnected client looks like one that has sent its last message; only this distinguishes them.
    const bool broken = !ok && context_->IsCancelled();
    const End end = ok ? End::kNone : broken ? End::kBroken : End::kComplete;
    // Parsed here and not on the loop, which serves other callers.
    absl::StatusOr<Request> message = Request();
    if (ok) {
      if (absl::Status read = ReadMessage(&buffer_, &*message, runtime_.max_request_bytes); !read.ok())
        message = std::move(read);
    }
    boost::asio::post(runtime_.executor, [arrival = arrival_, end, message = std::move(message)]() mutable {
      arrival->end = end;
      arrival->message = std::move(message);
      arrival->wakeup.Set();
    });
  }
  void OnCancel() override {
    boost::asio::post(runtime_.executor, [call = call_] { call->ClientGone(); });
  }
  void OnDone() override { delete this; }
  bool InternalInlineable() override { return true; }  // as UnaryReactor

 private:
  enum class End { kNone, kComplete, kBroken };

  // The state of a read. Separate, because gRPC finishes the last one after the handler has returned.
  struct Arrival {
    explicit Arrival(const Executor& executor) : wakeup(executor) {}
    Wakeup wakeup;
    End end = End::kNone;
    absl::StatusOr<Request> message;
  };

  static Task<void> Run(ClientStreamReactor* reactor, Service* service,
                        ClientStreamHandler<Service, Request, Response> handler) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const std::shared_ptr<ServerCall> call = reactor->call_;
    CallRegistry& calls = reactor->runtime_.calls;
    absl::Status admitted = calls.Add(call);
    if (!admitted.ok()) {
      (void)co_await calls.MayRefuse(reactor->runtime_.clock, call->context());
      reactor->Finish(ToGrpcStatus(admitted));
      co_return;
    }
    absl::StatusOr<Response> response = co_await (service->*handler)(call->context(), reactor);
    calls.Remove(call);  // as UnaryReactor
    reactor->Answer(std::move(response));
  }

  Task<absl::StatusOr<std::optional<Request>>> Read(CallContext context) override {
    if (!ended_.has_value()) {
      if (!std::exchange(reading_, true)) this->StartRead(&buffer_);
      absl::Status arrived = co_await arrival_->wakeup.Wait(std::move(context));
      if (!arrived.ok()) co_return arrived;  // gRPC reads on
      reading_ = false;
      if (arrival_->end == End::kNone && arrival_->message.ok()) {
        co_return std::optional<Request>(*std::move(arrival_->message));
      }
      ended_ = arrival_->end == End::kNone     ? arrival_->message.status()
               : arrival_->end == End::kBroken ? CancelledError()
                                               : absl::OkStatus();
    }
    if (!ended_->ok()) co_return *ended_;
    co_return std::optional<Request>();
  }

  void Answer(absl::StatusOr<Response> response) {
    if (!response.ok()) {
      const absl::Status status = call_->FinalStatus(response.status());
      HintRetry(*context_, status);
      Finish(ToGrpcStatus(status));
      return;
    }
    bool own_buffer = false;
    Finish(grpc::SerializationTraits<Response>::Serialize(*response, response_, &own_buffer));
  }

  const RpcRuntime& runtime_;
  const CallGate::Place place_;
  const std::shared_ptr<ServerCall> call_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const response_;
  const std::shared_ptr<Arrival> arrival_;
  grpc::ByteBuffer buffer_;
  bool reading_ = false;               // gRPC is reading into the buffer
  std::optional<absl::Status> ended_;  // OK: the client has sent its last message
};

template <typename Service, typename Request, typename Response>
grpc::ServerReadReactor<grpc::ByteBuffer>* StartClientStream(const RpcRuntime& runtime, CallGate::Place place,
                                                             const Caller& caller, std::string_view method,
                                                             grpc::CallbackServerContext* context,
                                                             grpc::ByteBuffer* response, Service* service,
                                                             ClientStreamHandler<Service, Request, Response> handler) {
  auto* reactor = new ClientStreamReactor<Service, Request, Response>(
      runtime, std::move(place), MakeServerCall(CallKind::kUnary, method, caller, *context, runtime), context,
      response);
  reactor->Start(service, handler);
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CLIENT_STREAM_H_
