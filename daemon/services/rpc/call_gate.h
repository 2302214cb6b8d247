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

namespace daytonad {

// How many calls the daemon has open at a time, over all listeners: each costs memory from its first byte until gRPC is
// done with it, longer than its handler runs. Asked on gRPC's threads before anything else is done for a call, so that
// refusing costs next to nothing. Thread-safe.
class CallGate {
 public:
  struct Limits {
    // Of the process, --max-calls.
    size_t calls = 10'000;
    // What one connection may have open even when the process has all its calls, so that a caller who takes all of them
    // shuts nobody else out.
    size_t few = 4;
    // A request above this is a large one, and all large ones that are open may have so many bytes.
    size_t large_request = size_t{64} << 10;
    size_t large_request_bytes = size_t{32} << 20;
  };

  // Who has it has a call open.
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

  // Nullopt: there is no room, and refusal() is the answer. `connection` is whatever tells one from another.
  std::optional<Place> Enter(const void* connection, size_t request_bytes);
  std::optional<Place> Enter(grpc::CallbackServerContext& context, size_t request_bytes);

  // RESOURCE_EXHAUSTED (TOO_MANY_CALLS), with the time after which to try again.
  const grpc::Status& refusal() const { return refusal_; }

  // How many calls one connection may have at the moment: fewer when memory becomes short, so that who has many waits
  // for who has few. Never less than the few.
  void SetShare(size_t calls) { share_ = std::max(calls, limits_.few); }
  size_t calls() const { return calls_; }

 private:
  void Leave(const void* connection, size_t bytes);

  const Limits limits_;
  const grpc::Status refusal_;
  std::atomic<size_t> share_ = std::numeric_limits<size_t>::max();
  std::atomic<size_t> calls_ = 0;  // changed with the mutex
  std::mutex mutex_;
  size_t large_bytes_ = 0;
  std::unordered_map<const void*, size_t> of_connection_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CALL_GATE_H_
