#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CALL_REGISTRY_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CALL_REGISTRY_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_set>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/server_call.h"

namespace daytonad {

// All RPCs in progress on all listeners: a drain waits for them. Loop thread only, except for draining().
class CallRegistry {
 public:
  // Rejects the call with UNAVAILABLE once the drain has begun.
  absl::Status Add(const std::shared_ptr<ServerCall>& call);
  // Call it just before the answer is passed to gRPC, in the same iteration of the loop: waiters for idle continue in a
  // later one. In the opposite order, the last answer could end gRPC's server, and the registry with it, before this
  // call.
  void Remove(const std::shared_ptr<ServerCall>& call);
  size_t size() const { return calls_.size(); }

  // Thread-safe.
  bool draining() const { return draining_; }

  // Rejects new calls from now on, and ends the endless ones; the others continue.
  void BeginDrain();
  // Ends the remaining calls.
  void ShutDownAll();
  // Returns when no call is in progress, or when the context ends.
  Task<absl::Status> WaitUntilIdle(Clock& clock, CallContext context);

  // Delays the answer to a call that Add rejected, while answers are withheld: a client calls again as soon as it is
  // answered, on the same connection until it has read a GOAWAY, and that call would be lost with the connection.
  Task<absl::Status> MayRefuse(Clock& clock, CallContext context);
  void WithholdRefusals() { withheld_.emplace(); }
  // Releases the withheld answers; later ones are sent at once.
  void TellRefusals();
  // The number of rejected calls so far.
  size_t refused() const { return refused_; }

 private:
  std::unordered_set<std::shared_ptr<ServerCall>> calls_;
  std::atomic<bool> draining_ = false;
  Event idle_;
  size_t refused_ = 0;
  std::optional<Event> withheld_;  // fires when the answers may be sent
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CALL_REGISTRY_H_
