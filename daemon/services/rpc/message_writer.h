#ifndef DAYTONAD_DAEMON_SERVICES_RPC_MESSAGE_WRITER_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_MESSAGE_WRITER_H_

#include <grpc/grpc.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "daemon/base/admission.h"
#include "daemon/base/log.h"
#include "daemon/base/task.h"
#include "daemon/base/wakeup.h"
#include "daemon/services/rpc/grpc_internals.h"
#include "daemon/services/rpc/rpc_errors.h"
#include "daemon/services/rpc/rpc_runtime.h"
#include "daemon/services/rpc/server_call.h"
#include "daemon/services/rpc/stream_writer.h"

namespace daytonad {

// Writes the messages of a stream through its reactor.
//
// A client may stop reading: its flow-control window fills, and gRPC accepts a message and never completes the write,
// whatever the call's deadline. So each write has time limits; when they expire, the writer gives up, and the handler
// ends and frees its resources. gRPC cannot take the message back.
template <typename Reactor, typename Response>
class MessageWriter final : public StreamWriter<Response> {
 public:
  // The reactor owns the writer. `call` and `grpc_call` are the reactor's, too.
  MessageWriter(Reactor& reactor, const RpcRuntime& runtime, ServerCall& call, grpc_call* grpc_call)
      : reactor_(reactor),
        runtime_(runtime),
        call_(call),
        grpc_call_(grpc_call),
        write_(std::make_shared<PendingWrite>(runtime.executor)) {}

  // From the reactor's OnWriteDone, on gRPC's threads.
  void OnWriteDone(bool ok) {
    untaken_.Taken();
    boost::asio::post(runtime_.executor, [write = write_, ok] {
      write->sent = ok;
      write->wakeup.Set();
    });
  }

  // gRPC still has a message that it could not write.
  bool given_up() const { return !given_up_.ok(); }

  Task<absl::Status> Write(Response response) override {
    // gRPC takes one message at a time. The wait is short, because every write has time limits.
    const auto turn = co_await writing_.Acquire(call_.context().Detached(Clock::TimePoint::max()));
    if (!turn.ok()) co_return turn.status();
    if (!given_up_.ok()) co_return given_up_;
    buffer_.Clear();  // gRPC does not serialise into a used buffer
    if (!grpc_internals::Serialize(response, &buffer_).ok()) {
      co_return absl::InternalError("a message could not be serialised");
    }
    write_->sent.reset();
    runtime_.answers.Add(grpc_call_, buffer_.Length(), untaken_);
    reactor_.StartWrite(&buffer_);
    co_return co_await Sent();
  }

  void EndBy(Clock::TimePoint limit) override { limit_ = limit; }

  bool shutting_down() const override { return call_.shut_down(); }

 private:
  // The state of a write. Separate, because it may complete after the handler has given up.
  struct PendingWrite {
    explicit PendingWrite(const Executor& executor) : wakeup(executor) {}
    Wakeup wakeup;
    std::optional<bool> sent;
  };

  // The time after a limit for a write in progress, or for one that reports the end.
  static constexpr auto kLastMoment = std::chrono::seconds(1);

  // Waits for the write in progress; if a time limit comes first, gives up the write and the stream.
  Task<absl::Status> Sent() {
    const CallContext& context = call_.context();
    const Clock::TimePoint limit = std::min(limit_, context.deadline());
    const Clock::TimePoint stalled = runtime_.clock.Now() + runtime_.max_stall;
    (void)co_await write_->wakeup.Wait(context.WithDeadline(std::min(limit, stalled)));
    if (!write_->sent.has_value()) {
      (void)co_await write_->wakeup.Wait(context.Detached(runtime_.clock.Now() + kLastMoment));
    }
    if (write_->sent.has_value()) co_return *write_->sent ? absl::OkStatus() : CancelledError();
    given_up_ = ReasonToGiveUp(limit);
    co_return given_up_;
  }

  absl::Status ReasonToGiveUp(Clock::TimePoint limit) {
    if (call_.context().cancelled()) return CancelledError();
    if (runtime_.clock.Now() >= limit) return DeadlineExceededError();
    Log(LogLevel::kWarning, call_.context(), "a stream is ended whose client takes no messages");
    call_.EndWith(StreamStalledError(runtime_.max_stall));
    return CancelledError();
  }

  Reactor& reactor_;
  const RpcRuntime& runtime_;
  ServerCall& call_;
  grpc_call* const grpc_call_;
  const std::shared_ptr<PendingWrite> write_;
  UntakenAnswers::Ticket untaken_;
  Admission writing_{1};
  grpc::ByteBuffer buffer_;
  Clock::TimePoint limit_ = Clock::TimePoint::max();
  absl::Status given_up_;  // set when gRPC did not complete a write: the result of all further writes
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_MESSAGE_WRITER_H_
