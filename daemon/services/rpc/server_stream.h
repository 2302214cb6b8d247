#ifndef DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/admission.h"
#include "daemon/base/log.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"
#include "daemon/base/wakeup.h"
#include "daemon/services/rpc/grpc_status.h"
#include "daemon/services/rpc/held_call.h"
#include "daemon/services/rpc/retry_hint.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/stream_writer.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {

// A handler of a server-streaming RPC; the stream ends with the status that it returns. The writer is valid until then.
template <typename Service, typename Request, typename Response>
using StreamHandler = Task<absl::Status> (Service::*)(CallContext, Request, StreamWriter<Response>*);

// Bridges one server-streaming RPC from gRPC's threads to the loop and back (see UnaryReactor for why raw).
//
// A client may stop reading: its flow-control window fills, and gRPC accepts a message and never completes the write,
// whatever the call's deadline. So each write has time limits; when they expire, the handler ends and frees its
// resources. gRPC cannot take the message back or send the status before it. The status waits behind the message in
// case the client reads on within a grace period; then the call is cancelled.
template <typename Service, typename Request, typename Response>
class ServerStreamReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, private StreamWriter<Response> {
 public:
  ServerStreamReactor(const RpcRuntime& runtime, CallGate::Place place, std::shared_ptr<ServerCall> call,
                      grpc::CallbackServerContext* context)
      : runtime_(runtime),
        place_(std::move(place)),
        call_(std::move(call)),
        context_(context),
        write_(std::make_shared<PendingWrite>(runtime.executor)) {}

  void Start(Service* service, StreamHandler<Service, Request, Response> handler, const grpc::ByteBuffer* bytes) {
    Request request;
    if (absl::Status taken = TakeRequest(bytes, &request, runtime_.max_request_bytes); !taken.ok()) {
      Finish(ToGrpcStatus(taken));
      return;
    }
    Spawn(runtime_.executor, Run(this, service, handler, std::move(request)));
  }

  void OnWriteDone(bool ok) override {
    untaken_.Taken();
    boost::asio::post(runtime_.executor, [write = write_, ok] {
      write->sent = ok;
      write->wakeup.Set();
    });
  }
  void OnCancel() override {
    boost::asio::post(runtime_.executor, [call = call_] { call->ClientGone(); });
  }
  void OnDone() override { delete this; }
  bool InternalInlineable() override { return true; }  // as UnaryReactor

 private:
  // The state of a write. Separate, because it may complete after the handler has given up.
  struct PendingWrite {
    explicit PendingWrite(const Executor& executor) : wakeup(executor) {}
    Wakeup wakeup;
    std::optional<bool> sent;
  };

  // The time after a limit for a write in progress, or for one that reports the end.
  static constexpr auto kLastMoment = std::chrono::seconds(1);
  // The grace period for a client that has stopped reading.
  static constexpr auto kGrace = std::chrono::seconds(10);

  static Task<void> Run(ServerStreamReactor* reactor, Service* service,
                        StreamHandler<Service, Request, Response> handler, Request request) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const std::shared_ptr<ServerCall> call = reactor->call_;
    CallRegistry& calls = reactor->runtime_.calls;
    Clock& clock = reactor->runtime_.clock;
    absl::Status status = calls.Add(call);
    if (!status.ok()) {
      (void)co_await calls.MayRefuse(clock, call->context());
      reactor->Finish(ToGrpcStatus(status));
      co_return;
    }
    NoteRequestIdOf(request, *call);
    status = co_await (service->*handler)(call->context(), std::move(request), reactor);
    status = call->FinalStatus(std::move(status));
    HintRetry(*reactor->context_, status);
    const grpc::Status last = ToGrpcStatus(status);
    std::optional<HeldCall> stuck;
    if (!reactor->given_up_.ok()) stuck.emplace(reactor->context_->c_call());
    calls.Remove(call);     // as UnaryReactor
    reactor->Finish(last);  // the reactor may be gone from here on
    if (!stuck.has_value()) co_return;
    (void)co_await clock.Sleep(CallContext::Background("end of a stream"), kGrace);
    stuck->Cancel(last);
  }

  bool shutting_down() const override { return call_->shut_down(); }

  void EndBy(Clock::TimePoint limit) override { limit_ = limit; }

  Task<absl::Status> Write(Response response) override {
    // gRPC takes one message at a time. The wait is short, because every write has time limits.
    const auto turn = co_await writing_.Acquire(call_->context().Detached(Clock::TimePoint::max()));
    if (!turn.ok()) co_return turn.status();
    if (!given_up_.ok()) co_return given_up_;
    buffer_.Clear();  // gRPC does not serialise into a used buffer
    bool own_buffer = false;
    if (!grpc::SerializationTraits<Response>::Serialize(response, &buffer_, &own_buffer).ok()) {
      co_return absl::InternalError("a message could not be serialised");
    }
    write_->sent.reset();
    runtime_.answers.Add(context_->c_call(), buffer_.Length(), untaken_);
    this->StartWrite(&buffer_);
    co_return co_await Sent();
  }

  // Waits for the write in progress; if a time limit comes first, gives up the write and the stream.
  Task<absl::Status> Sent() {
    const CallContext& call = call_->context();
    const Clock::TimePoint limit = std::min(limit_, call.deadline());
    const Clock::TimePoint stalled = runtime_.clock.Now() + runtime_.max_stall;
    (void)co_await write_->wakeup.Wait(call.WithDeadline(std::min(limit, stalled)));
    if (!write_->sent.has_value()) {
      (void)co_await write_->wakeup.Wait(call.Detached(runtime_.clock.Now() + kLastMoment));
    }
    if (write_->sent.has_value()) co_return *write_->sent ? absl::OkStatus() : CancelledError();
    given_up_ = GivenUp(limit);
    co_return given_up_;
  }

  absl::Status GivenUp(Clock::TimePoint limit) {
    if (call_->context().cancelled()) return CancelledError();
    if (runtime_.clock.Now() >= limit) return DeadlineExceededError();
    Log(LogLevel::kWarning, call_->context(), "a stream is ended whose client takes no messages");
    call_->EndWith(StreamStalledError(runtime_.max_stall));
    return CancelledError();
  }

  const RpcRuntime& runtime_;
  const CallGate::Place place_;
  const std::shared_ptr<ServerCall> call_;
  grpc::CallbackServerContext* const context_;
  const std::shared_ptr<PendingWrite> write_;
  UntakenAnswers::Ticket untaken_;
  Admission writing_{1};
  grpc::ByteBuffer buffer_;
  Clock::TimePoint limit_ = Clock::TimePoint::max();
  absl::Status given_up_;  // set when gRPC did not complete a write: the result of all further writes
};

template <typename Service, typename Request, typename Response>
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartServerStream(const RpcRuntime& runtime, CallGate::Place place,
                                                              const Caller& caller, std::string_view method,
                                                              grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request, Service* service,
                                                              StreamHandler<Service, Request, Response> handler) {
  auto* reactor = new ServerStreamReactor<Service, Request, Response>(
      runtime, std::move(place), MakeServerCall(CallKind::kStream, method, caller, *context, runtime), context);
  reactor->Start(service, handler, request);
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_SERVER_STREAM_H_
