#include "daemon/services/rpc/server_call.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/error_metadata.h"
#include "daemon/base/ids.h"

namespace daytonad {
namespace {

// The metadata entry by which a program tells its calls from those of others on the same machine.
constexpr char kClientEntry[] = "daytonad-client";
constexpr size_t kMaxClientName = 64;
// What is longer is refused, and not told.
constexpr size_t kMaxRequestId = 128;

// Another daemon may take calls at once, this one again when it was restarted.
constexpr auto kTimeToRestart = std::chrono::seconds(1);

// The daemon ends while a change of the call's is with Daytona.
absl::Status LeftUnderWayError() {
  return WithRetryDelay(
      MakeError(
          absl::StatusCode::kUnavailable, kShuttingDown,
          "The daemon is shutting down, and the call's request was sent to Daytona and is not answered: it may be "
          "carried out, or not. Connect again; look for what it was about, or repeat the call with its request_id."),
      kTimeToRestart);
}

bool IsClientName(std::string_view text) {
  const auto visible = [](char c) { return c > ' ' && c <= '~'; };
  return !text.empty() && text.size() <= kMaxClientName && std::all_of(text.begin(), text.end(), visible);
}

std::string ClientOf(const Caller& caller, const grpc::ServerContextBase& server_context) {
  const auto& entries = server_context.client_metadata();
  const auto entry = entries.find(kClientEntry);
  const std::string_view name =
      entry == entries.end() ? std::string_view() : std::string_view(entry->second.data(), entry->second.size());
  // gRPC puts the peer's name together each time it is asked; on a Unix socket it would tell nothing.
  const bool unix_socket = caller.listener.starts_with("unix:");
  return ClientIdentity(unix_socket ? "unix:" : server_context.peer(), name);
}

}  // namespace

ServerCall::ServerCall(CallKind kind, std::shared_ptr<const CallIdentity> identity, Limits limits)
    : kind_(kind),
      context_(std::move(identity), limits.deadline, stop_.get_token(), limits.max_queue_wait),
      without_deadline_(!limits.from_client) {}

void ServerCall::ShutDown() {
  shut_down_ = true;
  EndWith(ShuttingDownError());
}

void ServerCall::NoteRequestId(std::string_view id) {
  if (id.size() <= kMaxRequestId) request_id_ = std::string(id);
}

void ServerCall::EndWith(absl::Status why) {
  if (ended_.ok()) ended_ = std::move(why);
  stop_.request_stop();
}

absl::Status ServerCall::FinalStatus(absl::Status status) const {
  if (!ended_.ok() && absl::IsCancelled(status)) {
    const bool unknown = shut_down_ && ErrorMetadataValue(status, "outcome") == "unknown";
    // What the call was about is told all the same.
    status = WithMetadataOf(unknown ? LeftUnderWayError() : ended_, status);
  }
  // The caller's own word for it, for those who find the error in a log.
  if (request_id_.empty() || ErrorMetadataValue(status, "request_id").has_value()) return status;
  return WithErrorMetadata(std::move(status), "request_id", request_id_);
}

absl::Status CallRegistry::Add(const std::shared_ptr<ServerCall>& call) {
  if (draining_) {
    ++refused_;
    return ShuttingDownError();
  }
  calls_.insert(call);
  return absl::OkStatus();
}

void CallRegistry::Remove(const std::shared_ptr<ServerCall>& call) {
  calls_.erase(call);
  if (draining_ && calls_.empty()) idle_.Fire();
}

void CallRegistry::BeginDrain() {
  draining_ = true;
  if (calls_.empty()) idle_.Fire();
  // A copy: a call that ends removes itself.
  const std::vector<std::shared_ptr<ServerCall>> calls(calls_.begin(), calls_.end());
  for (const auto& call : calls) {
    if (call->kind() == CallKind::kStream) call->ShutDown();
  }
}

void CallRegistry::ShutDownAll() {
  const std::vector<std::shared_ptr<ServerCall>> calls(calls_.begin(), calls_.end());
  for (const auto& call : calls) call->ShutDown();
}

Task<absl::Status> CallRegistry::WaitUntilIdle(Clock& clock, CallContext context) {
  return idle_.Wait(clock, std::move(context));
}

Task<absl::Status> CallRegistry::MayRefuse(Clock& clock, CallContext context) {
  if (!withheld_.has_value()) co_return absl::OkStatus();
  co_return co_await withheld_->Wait(clock, std::move(context));
}

void CallRegistry::TellRefusals() {
  if (withheld_.has_value()) withheld_->Fire();
}

std::string ClientIdentity(std::string_view peer, std::string_view given_name) {
  const size_t scheme_end = std::min(peer.find(':'), peer.size());
  std::string identity(peer.substr(0, scheme_end));
  if (identity == "ipv4" || identity == "ipv6") {
    // Ports change with every connection.
    const size_t port = peer.rfind(':');
    identity = std::string(peer.substr(scheme_end + 1, port - scheme_end - 1));
  }
  if (IsClientName(given_name)) absl::StrAppend(&identity, "/", AbslView(given_name));
  return identity;
}

std::shared_ptr<ServerCall> MakeServerCall(CallKind kind, std::string_view method, const Caller& caller,
                                           const grpc::ServerContextBase& server_context, const RpcRuntime& runtime) {
  auto identity = std::make_shared<CallIdentity>();
  identity->call_id = NewCallId();
  identity->method = std::string(method);
  identity->caller = caller;
  identity->caller.client = ClientOf(caller, server_context);
  // gRPC speaks of wall time, "never" being its maximum; what is left of it bounds the call on our own clock.
  const auto deadline = server_context.deadline();
  const auto left = deadline - std::chrono::system_clock::now();
  const auto limit = std::min<Clock::Duration>(std::chrono::duration_cast<Clock::Duration>(left), runtime.max_wait);
  ServerCall::Limits limits;
  limits.deadline = runtime.clock.Now() + limit;
  limits.from_client = deadline != std::chrono::system_clock::time_point::max();
  limits.max_queue_wait = runtime.max_queue_wait;
  return std::make_shared<ServerCall>(kind, std::move(identity), limits);
}

absl::Status UnparsableRequest(std::string_view type_name) {
  return MakeError(absl::StatusCode::kInvalidArgument, "UNPARSABLE_REQUEST",
                   absl::StrCat("The request is not a valid ", AbslView(type_name),
                                ": its encoding is broken or one of its strings is not UTF-8."));
}

absl::Status ShuttingDownError() {
  return WithRetryDelay(MakeError(absl::StatusCode::kUnavailable, kShuttingDown,
                                  "The daemon is shutting down. Connect again and repeat the call."),
                        kTimeToRestart);
}

absl::Status StreamStalledError(Clock::Duration max_stall) {
  const double seconds = std::chrono::duration<double>(max_stall).count();
  return MakeError(absl::StatusCode::kAborted, "STREAM_STALLED",
                   absl::StrCat("The client has taken no message of this stream for ", seconds,
                                " s (--max-stall). Read faster, or call again when you can."));
}

}  // namespace daytonad
