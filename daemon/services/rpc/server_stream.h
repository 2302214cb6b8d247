#ifndef DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/net/admission.h"
#include "daemon/services/rpc/grpc_status.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/stream_writer.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {

// A handler of a server-streaming RPC; the stream ends with the status that it returns. The writer is valid until then.
template <typename Service, typename Request, typename Response>
using StreamHandler = Task<absl::Status> (Service::*)(CallContext, Request, StreamWriter<Response>*);

// Bridges one server-streaming RPC from gRPC's threads to the loop and back (see UnaryReactor on why raw).
template <typename Service, typename Request, typename Response>
class ServerStreamReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, private StreamWriter<Response> {
 public:
  ServerStreamReactor(const RpcRuntime& runtime, std::shared_ptr<ServerCall> call)
      : runtime_(runtime), call_(std::move(call)) {}

  void Start(Service* service, StreamHandler<Service, Request, Response> handler, const grpc::ByteBuffer* bytes) {
    Request request;
    if (absl::Status taken = TakeRequest(bytes, &request); !taken.ok()) {
      Finish(ToGrpcStatus(taken));
      return;
    }
    Spawn(runtime_.executor, Run(this, service, handler, std::move(request)));
  }

  void OnWriteDone(bool ok) override {
    boost::asio::post(runtime_.executor, [written = std::exchange(on_written_, nullptr), ok] { written(ok); });
  }
  void OnCancel() override {
    boost::asio::post(runtime_.executor, [call = call_] { call->ClientGone(); });
  }
  void OnDone() override { delete this; }
  bool InternalInlineable() override { return true; }  // as UnaryReactor

 private:
  static Task<void> Run(ServerStreamReactor* reactor, Service* service,
                        StreamHandler<Service, Request, Response> handler, Request request) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const std::shared_ptr<ServerCall> call = reactor->call_;
    CallRegistry& calls = reactor->runtime_.calls;
    absl::Status status = calls.Add(call);
    if (!status.ok()) {
      reactor->Finish(ToGrpcStatus(status));
      co_return;
    }
    status = co_await (service->*handler)(call->context(), std::move(request), reactor);
    calls.Remove(call);  // as UnaryReactor
    reactor->Finish(ToGrpcStatus(call->FinalStatus(std::move(status))));
  }

  bool shutting_down() const override { return call_->shut_down(); }

  Task<absl::Status> Write(Response response) override {
    // gRPC takes one message at a time. A turn comes soon: a write ends at the latest when the client has gone.
    const auto turn = co_await writing_.Acquire(call_->context().Detached(Clock::TimePoint::max()));
    if (!turn.ok()) co_return turn.status();
    buffer_.Clear();  // gRPC refuses to serialise over the last message
    bool own_buffer = false;
    if (!grpc::SerializationTraits<Response>::Serialize(response, &buffer_, &own_buffer).ok()) {
      co_return absl::InternalError("a message could not be serialised");
    }
    auto start = [this](auto handler) {
      // std::function wants something copyable.
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      on_written_ = [shared](bool ok) { std::move (*shared)(ok); };
      this->StartWrite(&buffer_);
    };
    auto token = kUseTask;
    const bool ok = co_await boost::asio::async_initiate<decltype(token), void(bool)>(std::move(start), token);
    if (!ok) co_return CancelledError();
    co_return absl::OkStatus();
  }

  const RpcRuntime& runtime_;
  const std::shared_ptr<ServerCall> call_;
  Admission writing_{1};
  grpc::ByteBuffer buffer_;
  std::function<void(bool)> on_written_;
};

template <typename Service, typename Request, typename Response>
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartServerStream(const RpcRuntime& runtime, const Caller& caller,
                                                              std::string_view method,
                                                              grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request, Service* service,
                                                              StreamHandler<Service, Request, Response> handler) {
  auto* reactor = new ServerStreamReactor<Service, Request, Response>(
      runtime, MakeServerCall(CallKind::kStream, method, caller, *context, runtime));
  reactor->Start(service, handler, request);
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_
