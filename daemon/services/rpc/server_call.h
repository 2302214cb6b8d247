#ifndef DAYTONAD_DAEMON_SERVICES_RPC_SERVER_CALL_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_SERVER_CALL_H_

#include <grpcpp/server_context.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_gate.h"
#include "daemon/services/rpc/untaken_answers.h"

namespace daytonad {

// The default of --max-request. gRPC holds a whole message in memory, and has one limit for all methods of a listener;
// larger data is streamed (UploadBuildContext).
inline constexpr int kMaxRequestBytes = 4 << 20;

enum class CallKind { kUnary, kStream };

// One RPC in progress: its identity, its deadline, and why it was cancelled. Created on a gRPC thread, then used on the
// loop only.
class ServerCall {
 public:
  // Without a `deadline` from the client, it is --max-wait.
  struct Limits {
    Clock::TimePoint deadline = Clock::TimePoint::max();
    bool from_client = true;
    Clock::Duration max_queue_wait = CallContext::kMaxQueueWait;
  };

  ServerCall(CallKind kind, std::shared_ptr<const CallIdentity> identity, Limits limits);

  CallKind kind() const { return kind_; }
  const CallContext& context() const { return context_; }
  // The client set no deadline.
  bool without_deadline() const { return without_deadline_; }

  // The client disconnected or its deadline passed.
  void ClientGone() { stop_.request_stop(); }
  // The daemon stops and ends the call with a status that says so.
  void ShutDown();
  bool shut_down() const { return shut_down_; }
  // The daemon ends this call with this error.
  void EndWith(absl::Status why);
  // The call's request id, which its errors contain. Ignored if invalid.
  void NoteRequestId(std::string_view id);

  // The final status: a call that the daemon ended reports why instead of CANCELLED, and whether its mutation may be in
  // progress.
  absl::Status FinalStatus(absl::Status status) const;

 private:
  CallKind kind_;
  std::stop_source stop_;
  CallContext context_;
  const bool without_deadline_;
  bool shut_down_ = false;
  absl::Status ended_;  // OK unless the daemon ended the call
  std::string request_id_;
};

// Sets the call's request id, if requests of this type have one.
template <typename Request>
void NoteRequestIdOf(const Request& request, ServerCall& call) {
  if constexpr (requires { request.request_id(); }) call.NoteRequestId(request.request_id());
}

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

  // Rejects new calls from now on, and ends streams, which may be endless; unary calls continue.
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

// What the RPCs of all services share; outlives them.
struct RpcRuntime {
  Executor executor;
  Clock& clock;
  CallRegistry& calls;
  CallGate& gate;
  UntakenAnswers& answers;
  // The time limit of every call, --max-wait.
  Clock::Duration max_wait;
  // How long a call may be queued, --max-queue-wait.
  Clock::Duration max_queue_wait = CallContext::kMaxQueueWait;
  // How long a client may leave a message of its stream unread, --max-stall.
  Clock::Duration max_stall = std::chrono::seconds(60);
  // The largest request after decompression.
  size_t max_request_bytes = kMaxRequestBytes;
};

// The client of a call for fair queueing: "unix" or the peer's IP address, plus "/NAME" if the call has a valid name of
// 1 to 64 visible ASCII characters. `peer` is gRPC's name, "ipv4:10.0.0.1:4711".
std::string ClientIdentity(std::string_view peer, std::string_view given_name);

// Reads identity and deadline of a new call.
std::shared_ptr<ServerCall> MakeServerCall(CallKind kind, std::string_view method, const Caller& caller,
                                           const grpc::ServerContextBase& server_context, const RpcRuntime& runtime);

// INVALID_ARGUMENT for a message that is no valid encoding of its type (or has a string that is not UTF-8).
absl::Status UnparsableRequest(std::string_view type_name);
// UNAVAILABLE (SHUTTING_DOWN), for calls that a stopping daemon rejects or ends.
inline constexpr char kShuttingDown[] = "SHUTTING_DOWN";
absl::Status ShuttingDownError();
// ABORTED (STREAM_STALLED), for a stream whose client has not read for so long.
absl::Status StreamStalledError(Clock::Duration max_stall);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_SERVER_CALL_H_
