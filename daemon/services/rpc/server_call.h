#ifndef DAYTONAD_DAEMON_SERVICES_RPC_SERVER_CALL_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_SERVER_CALL_H_

#include <google/protobuf/message.h>

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/effect.h"
#include "daemon/services/rpc/method.h"

namespace daytonad {

// One RPC in progress: its identity, its context, what it is about, and why it was cancelled. Created on a gRPC thread,
// then used on the loop only.
class ServerCall {
 public:
  ServerCall(MethodKind kind, std::shared_ptr<const CallIdentity> identity, Clock::TimePoint arrival,
             Clock::Duration max_queue_wait = CallContext::kMaxQueueWait);

  // The call may go on for ever: a drain ends it.
  bool endless() const { return kind_ == MethodKind::kServerStream || kind_ == MethodKind::kBidiStream; }
  // Without a deadline until the deadline step.
  const CallContext& context() const { return context_; }
  // The steps narrow the context.
  void set_context(CallContext context) { context_ = std::move(context); }

  // What the call is about, for its record.
  void set_effect(Effect effect) { effect_ = effect; }
  Effect effect() const { return effect_; }
  // Of a very long one, which no object has, its beginning.
  void set_object(std::string_view object);
  const std::string& object() const { return object_; }
  // Ignored if too long to be valid.
  void set_request_id(std::string_view id);
  const std::string& request_id() const { return request_id_; }
  Clock::TimePoint arrival() const { return arrival_; }

  // The client disconnected or its deadline passed.
  void ClientGone() { stop_.request_stop(); }
  // The daemon stops and ends the call with a status that says so.
  void ShutDown();
  bool shut_down() const { return shut_down_; }
  // The daemon ends this call with this error.
  void EndWith(absl::Status why);

  // The final status: a call that the daemon ended reports why instead of CANCELLED, and whether its mutation may be in
  // progress. Errors contain the request id.
  absl::Status FinalStatus(absl::Status status) const;

 private:
  const MethodKind kind_;
  Effect effect_ = Effect::kRead;
  bool shut_down_ = false;
  const Clock::TimePoint arrival_;
  std::stop_source stop_;
  CallContext context_;
  absl::Status ended_;  // OK unless the daemon ended the call
  std::string object_;
  std::string request_id_;
};

// Notes what the request says of the call.
template <typename Request>
void Describe(ServerCall& call, const Method& method, const Request& request) {
  call.set_effect(method.EffectOf(request));
  call.set_object(method.ObjectOf(request));
  if constexpr (requires { request.request_id(); }) call.set_request_id(request.request_id());
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_SERVER_CALL_H_
