#ifndef DAYTONAD_DAEMON_SERVICES_RPC_UNARY_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_UNARY_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/encoded.h"
#include "daemon/services/rpc/grpc_status.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/rpc/retry_hint.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {

// A handler of a unary RPC: a member function of a service, run as a coroutine on the loop. Its Response is the RPC's,
// or Encoded.
template <typename Service, typename Request, typename Response>
using UnaryHandler = Task<absl::StatusOr<Response>> (Service::*)(CallContext, Request);

// Whether the request has a `timeout` of its own.
template <typename Request>
concept HasTimeout = requires(const Request& request) {
  request.has_timeout();
};

// The time limit of a call with neither a deadline nor a `timeout`; time in queues does not count.
inline constexpr auto kSingleRequestLimit = std::chrono::seconds(60);

// Bridges one unary RPC from gRPC's threads to the loop and back. It uses the raw form, because gRPC's generated
// callback handlers answer a request that does not parse with UNIMPLEMENTED and no text.
template <typename Service, typename Request, typename Response>
class UnaryReactor final : public grpc::ServerUnaryReactor {
 public:
  UnaryReactor(const RpcRuntime& runtime, CallGate::Place place, std::shared_ptr<ServerCall> call,
               grpc::CallbackServerContext& server_context, grpc::ByteBuffer* response)
      : runtime_(runtime),
        place_(std::move(place)),
        call_(std::move(call)),
        server_context_(server_context),
        response_(response) {}

  void Start(Service* service, UnaryHandler<Service, Request, Response> handler, const grpc::ByteBuffer* bytes) {
    Request request;
    if (absl::Status taken = TakeRequest(bytes, &request, runtime_.max_request_bytes); !taken.ok()) {
      Finish(ToGrpcStatus(taken));
      return;
    }
    Spawn(runtime_.executor, Run(this, service, handler, std::move(request)));
  }

  void OnCancel() override {
    boost::asio::post(runtime_.executor, [call = call_] { call->ClientGone(); });
  }
  void OnDone() override { delete this; }
  // The reactions are short and take no lock of gRPC, so they may run inline. Otherwise each would wake another thread:
  // a fifth of the CPU when thousands are answered at once. (Not public API, but gRPC's own reactors use it.)
  bool InternalInlineable() override { return true; }

 private:
  static Task<void> Run(UnaryReactor* reactor, Service* service, UnaryHandler<Service, Request, Response> handler,
                        Request request) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const std::shared_ptr<ServerCall> call = reactor->call_;
    CallRegistry& calls = reactor->runtime_.calls;
    absl::Status admitted = calls.Add(call);
    if (!admitted.ok()) {
      (void)co_await calls.MayRefuse(reactor->runtime_.clock, call->context());
      reactor->Finish(ToGrpcStatus(admitted));
      co_return;
    }
    NoteRequestIdOf(request, *call);
    CallContext context = call->context();
    if constexpr (HasMaxAge<Request>) {
      context.facts().read_source = ReadSource::kBypass;
      context = context.WithReadTerms(ReadTerms{MaxAgeOf(request)});
    }
    if constexpr (!HasTimeout<Request>) {
      if (call->without_deadline()) {
        context = context.WithProgress(std::make_shared<PausableLimit>(reactor->runtime_.clock.Now(),
                                                                       kSingleRequestLimit, context.max_queue_wait()));
      }
    }
    absl::StatusOr<Response> response = co_await (service->*handler)(context, std::move(request));
    const CallFacts& facts = context.facts();
    if (facts.read_source.has_value() && response.ok()) {
      TellReadSource(reactor->server_context_, *facts.read_source, facts.age);
    }
    calls.Remove(call);                    // first: once all calls are answered, the daemon may be gone
    reactor->Answer(std::move(response));  // the reactor may be gone from here on
  }

  void Answer(absl::StatusOr<Response> response) {
    if (!response.ok()) {
      const absl::Status status = call_->FinalStatus(response.status());
      HintRetry(server_context_, status);
      Finish(ToGrpcStatus(status));
      return;
    }
    const grpc::Status status = PutAnswer(*response, response_);
    runtime_.answers.Add(server_context_.c_call(), response_->Length(), untaken_);
    Finish(status);
  }

  const RpcRuntime& runtime_;
  const CallGate::Place place_;
  const std::shared_ptr<ServerCall> call_;
  grpc::CallbackServerContext& server_context_;
  grpc::ByteBuffer* const response_;
  UntakenAnswers::Ticket untaken_;
};

template <typename Service, typename Request, typename Response>
grpc::ServerUnaryReactor* StartUnary(const RpcRuntime& runtime, CallGate::Place place, const Caller& caller,
                                     std::string_view method, grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response, Service* service,
                                     UnaryHandler<Service, Request, Response> handler) {
  auto* reactor = new UnaryReactor<Service, Request, Response>(
      runtime, std::move(place), MakeServerCall(CallKind::kUnary, method, caller, *context, runtime), *context,
      response);
  reactor->Start(service, handler, request);
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_UNARY_H_
