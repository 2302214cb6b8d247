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

// The largest request that is taken, unless --max-request says otherwise. gRPC holds all of a message in memory, and
// its limit is one for all methods of a listener; larger things come in pieces (UploadBuildContext).
inline constexpr int kMaxRequestBytes = 4 << 20;

enum class CallKind { kUnary, kStream };

// One RPC in progress: what it is called, until when it may run, and what ended it early. Made on a gRPC thread, from
// then on used on the loop only.
class ServerCall {
 public:
  // Without a `deadline` from the client, the call's is --max-wait.
  struct Limits {
    Clock::TimePoint deadline = Clock::TimePoint::max();
    bool from_client = true;
    Clock::Duration max_queue_wait = CallContext::kMaxQueueWait;
  };

  ServerCall(CallKind kind, std::shared_ptr<const CallIdentity> identity, Limits limits);

  CallKind kind() const { return kind_; }
  const CallContext& context() const { return context_; }
  // The client did not say how long the call may take.
  bool without_deadline() const { return without_deadline_; }

  // The client hung up or its deadline passed.
  void ClientGone() { stop_.request_stop(); }
  // The daemon ends; so does the call, with a status that says so.
  void ShutDown();
  bool shut_down() const { return shut_down_; }
  // The daemon ends this call, for this reason.
  void EndWith(absl::Status why);
  // What the call is known by if it is repeated; its errors tell it. Ignored if it is none.
  void NoteRequestId(std::string_view id);

  // What the caller is told: a call that the daemon ended says why instead of the CANCELLED that came of it, and
  // whether something that it asked for is under way.
  absl::Status FinalStatus(absl::Status status) const;

 private:
  CallKind kind_;
  std::stop_source stop_;
  CallContext context_;
  const bool without_deadline_;
  bool shut_down_ = false;
  absl::Status ended_;  // OK unless the daemon ended it
  std::string request_id_;
};

// Tells the call its request's id, if requests of this type have one.
template <typename Request>
void NoteRequestIdOf(const Request& request, ServerCall& call) {
  if constexpr (requires { request.request_id(); }) call.NoteRequestId(request.request_id());
}

// All RPCs in progress, over all listeners: what a drain has to wait for. Loop thread only, but for
// draining().
class CallRegistry {
 public:
  // Refused with UNAVAILABLE once the drain has begun.
  absl::Status Add(const std::shared_ptr<ServerCall>& call);
  // Right before the answer goes to gRPC, in the same turn of the loop: who waits until idle goes on in a later one.
  // The other way round the last answer could let gRPC's server end, and the registry with it, before it is told.
  void Remove(const std::shared_ptr<ServerCall>& call);
  size_t size() const { return calls_.size(); }

  // Any thread.
  bool draining() const { return draining_; }

  // From now on no call is taken, and streams, which might go on for ever, are ended; unary calls run on.
  void BeginDrain();
  // Ends what is left.
  void ShutDownAll();
  // Returns when no call is left, or when the context ends.
  Task<absl::Status> WaitUntilIdle(Clock& clock, CallContext context);

  // What each call goes through that Add refused, before it is told so. At once, unless answers are withheld: a client
  // that is told calls again, on the same connection as long as it knows nothing better, and that call would meet the
  // end of the connection.
  Task<absl::Status> MayRefuse(Clock& clock, CallContext context);
  void WithholdRefusals() { withheld_.emplace(); }
  // Those that were withheld are told, and others at once.
  void TellRefusals();
  // How many calls were refused so far.
  size_t refused() const { return refused_; }

 private:
  std::unordered_set<std::shared_ptr<ServerCall>> calls_;
  std::atomic<bool> draining_ = false;
  Event idle_;
  size_t refused_ = 0;
  std::optional<Event> withheld_;  // fires when they may be told
};

// What the RPCs of all services need; outlives them.
struct RpcRuntime {
  Executor executor;
  Clock& clock;
  CallRegistry& calls;
  CallGate& gate;
  UntakenAnswers& answers;
  // The longest that any call may take, --max-wait.
  Clock::Duration max_wait;
  // The longest that a call may wait for its turns, --max-queue-wait.
  Clock::Duration max_queue_wait = CallContext::kMaxQueueWait;
  // The longest that a client may leave a message of its stream untaken, --max-stall.
  Clock::Duration max_stall = std::chrono::seconds(60);
  // The largest request, as it is when it is not compressed.
  size_t max_request_bytes = kMaxRequestBytes;
};

// Whom a call counts for where clients take turns: "unix" or the peer's IP address, and "/NAME" behind it if the call
// gave itself a name, which 1 to 64 visible ASCII characters are. `peer` is what gRPC calls it, "ipv4:10.0.0.1:4711".
std::string ClientIdentity(std::string_view peer, std::string_view given_name);

// Reads identity and deadline of a call that has just come in.
std::shared_ptr<ServerCall> MakeServerCall(CallKind kind, std::string_view method, const Caller& caller,
                                           const grpc::ServerContextBase& server_context, const RpcRuntime& runtime);

// INVALID_ARGUMENT for a message that is no valid encoding of its type (or has a string that is not UTF-8).
absl::Status UnparsableRequest(std::string_view type_name);
// UNAVAILABLE with this reason, for what the daemon does not take, or ends, because it ends itself.
inline constexpr char kShuttingDown[] = "SHUTTING_DOWN";
absl::Status ShuttingDownError();
// ABORTED for a stream whose client has taken no message for so long.
absl::Status StreamStalledError(Clock::Duration max_stall);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_SERVER_CALL_H_
