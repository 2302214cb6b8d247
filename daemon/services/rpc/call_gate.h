#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CALL_GATE_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CALL_GATE_H_

#include <grpc/grpc.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"

namespace daytonad {

// Limits the open calls of all listeners: each costs memory from its first byte until gRPC has finished it, longer than
// its handler runs. It is asked first for every call, on gRPC's threads, so that a rejection costs almost nothing.
// Thread-safe.
class CallGate {
 public:
  struct Limits {
    // The limit of the process, --max-calls.
    size_t calls = 10'000;
    // The calls that each connection may have even at the limit of the process, so that one caller cannot lock out the
    // others.
    size_t few = 4;
    // Requests above this size are large; all open large requests share this number of bytes.
    size_t large_request = size_t{64} << 10;
    size_t large_request_bytes = size_t{32} << 20;
  };

  // Holds the slot of an open call.
  class Place {
   public:
    Place(Place&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), connection_(other.connection_), bytes_(other.bytes_) {}
    Place& operator=(Place&&) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (gate_ != nullptr) gate_->Leave(connection_, bytes_);
    }

   private:
    friend class CallGate;
    Place(CallGate* gate, const void* connection, size_t bytes) : gate_(gate), connection_(connection), bytes_(bytes) {}

    CallGate* gate_;
    const void* connection_;
    size_t bytes_;  // of a large request
  };

  explicit CallGate(Limits limits);
  CallGate(const CallGate&) = delete;
  CallGate& operator=(const CallGate&) = delete;

  // Nullopt: no slot is free; answer refusal_status(). `connection` identifies the connection.
  std::optional<Place> Enter(const void* connection, size_t request_bytes);
  std::optional<Place> Enter(grpc::CallbackServerContext& context, size_t request_bytes);

  // RESOURCE_EXHAUSTED (TOO_MANY_CALLS), with a retry time; and the same as gRPC has it, because converting it for each
  // rejected call costs too much.
  const absl::Status& refusal() const { return refusal_; }
  const grpc::Status& refusal_status() const { return refusal_status_; }

  // Sets the current limit of calls per connection: lower when memory becomes scarce, so that connections with many
  // calls yield to those with few. Never below the guaranteed number.
  void SetShare(size_t calls) { share_ = std::max(calls, limits_.few); }
  size_t calls() const { return calls_; }

 private:
  void Leave(const void* connection, size_t bytes);

  const Limits limits_;
  const absl::Status refusal_;
  const grpc::Status refusal_status_;
  std::atomic<size_t> share_ = std::numeric_limits<size_t>::max();
  std::atomic<size_t> calls_ = 0;  // changed with the mutex
  std::mutex mutex_;
  size_t large_bytes_ = 0;
  std::unordered_map<const void*, size_t> of_connection_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CALL_GATE_H_
