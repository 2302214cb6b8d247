#include "daemon/services/rpc/call_gate.h"

#include <grpc/grpc_security.h>

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/services/rpc/grpc_status.h"

namespace daytonad {
namespace {

constexpr auto kRetryDelay = std::chrono::milliseconds(500);

absl::Status Refusal(size_t calls) {
  return WithRetryDelay(
      MakeError(
          absl::StatusCode::kResourceExhausted, "TOO_MANY_CALLS",
          absl::StrCat("The daemon has as many calls open, or as much in memory for them, as it may (--max-calls ",
                       calls, ", --max-memory). Repeat the call later."),
          {{"limit", std::to_string(calls)}}),
      kRetryDelay);
}

// gRPC creates an authentication context per connection, also without credentials. Its address is the only way to tell
// the connections of a UNIX socket apart. Open calls keep the context alive, so its address is not reused.
const void* ConnectionOf(grpc_call* call) {
  grpc_auth_context* const context = grpc_call_auth_context(call);
  grpc_auth_context_release(context);
  return context;
}

}  // namespace

CallGate::CallGate(Limits limits)
    : limits_(limits), refusal_(Refusal(limits.calls)), refusal_status_(ToGrpcStatus(refusal_)) {}

std::optional<CallGate::Place> CallGate::Enter(const void* connection, size_t request_bytes) {
  const size_t large = request_bytes > limits_.large_request ? request_bytes : 0;
  const std::lock_guard lock(mutex_);
  const bool full = calls_ >= limits_.calls || share_ == limits_.few;
  if (large > 0 && (full || large_bytes_ + large > limits_.large_request_bytes)) return std::nullopt;
  const auto own = of_connection_.try_emplace(connection, 0).first;
  if (own->second >= (full ? limits_.few : share_.load())) return std::nullopt;
  ++own->second;
  ++calls_;
  large_bytes_ += large;
  return Place(this, connection, large);
}

std::optional<CallGate::Place> CallGate::Enter(grpc::CallbackServerContext& context, size_t request_bytes) {
  return Enter(ConnectionOf(context.c_call()), request_bytes);
}

void CallGate::Leave(const void* connection, size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto own = of_connection_.find(connection);
  if (--own->second == 0) of_connection_.erase(own);
  --calls_;
  large_bytes_ -= bytes;
}

}  // namespace daytonad
