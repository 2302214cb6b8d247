#ifndef DAYTONAD_DAEMON_SERVICES_RPC_MESSAGE_READER_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_MESSAGE_READER_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/task.h"
#include "daemon/base/wakeup.h"
#include "daemon/services/rpc/rpc_runtime.h"
#include "daemon/services/rpc/stream_reader.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {

// Reads the messages of a client's stream through its reactor.
template <typename Reactor, typename Request>
class MessageReader final : public StreamReader<Request> {
 public:
  // The reactor owns the reader. `context` is the reactor's, too.
  MessageReader(Reactor& reactor, const RpcRuntime& runtime, const grpc::CallbackServerContext& context)
      : reactor_(reactor),
        runtime_(runtime),
        context_(context),
        delivery_(std::make_shared<Delivery>(runtime.executor)) {}

  // From the reactor's OnReadDone, on gRPC's threads.
  void OnReadDone(bool ok) {
    // A disconnected client looks like one that has sent its last message; only this distinguishes them.
    const bool broken = !ok && context_.IsCancelled();
    const End end = ok ? End::kNone : broken ? End::kBroken : End::kComplete;
    // Parsed here and not on the loop, which serves other callers.
    absl::StatusOr<Request> message = Request();
    if (ok) {
      absl::Status read = ReadMessage(&buffer_, &*message, runtime_.max_request_bytes);
      if (!read.ok()) message = std::move(read);
    }
    boost::asio::post(runtime_.executor, [delivery = delivery_, end, message = std::move(message)]() mutable {
      delivery->end = end;
      delivery->message = std::move(message);
      delivery->wakeup.Set();
    });
  }

  Task<absl::StatusOr<std::optional<Request>>> Read(CallContext context) override {
    if (!ended_.has_value()) {
      if (!std::exchange(reading_, true)) reactor_.StartRead(&buffer_);
      absl::Status arrived = co_await delivery_->wakeup.Wait(std::move(context));
      if (!arrived.ok()) co_return arrived;  // gRPC reads on
      reading_ = false;
      if (delivery_->end == End::kNone && delivery_->message.ok()) {
        co_return std::optional<Request>(*std::move(delivery_->message));
      }
      ended_ = delivery_->end == End::kNone     ? delivery_->message.status()
               : delivery_->end == End::kBroken ? CancelledError()
                                                : absl::OkStatus();
    }
    if (!ended_->ok()) co_return *ended_;
    co_return std::optional<Request>();
  }

 private:
  enum class End { kNone, kComplete, kBroken };

  // The state of a read. Separate, because gRPC finishes the last one after the handler has returned.
  struct Delivery {
    explicit Delivery(const Executor& executor) : wakeup(executor) {}
    Wakeup wakeup;
    End end = End::kNone;
    absl::StatusOr<Request> message;
  };

  Reactor& reactor_;
  const RpcRuntime& runtime_;
  const grpc::CallbackServerContext& context_;
  const std::shared_ptr<Delivery> delivery_;
  grpc::ByteBuffer buffer_;
  bool reading_ = false;               // gRPC is reading into the buffer
  std::optional<absl::Status> ended_;  // OK: the client has sent its last message
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_MESSAGE_READER_H_
