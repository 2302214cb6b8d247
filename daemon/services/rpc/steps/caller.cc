#include "daemon/services/rpc/steps/caller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/ids.h"

namespace daytonad {
namespace {

// The metadata entry by which programs on the same machine name themselves.
constexpr char kClientEntry[] = "daytonad-client";
constexpr size_t kMaxClientName = 64;

bool IsClientName(std::string_view text) {
  const auto visible = [](char c) { return c > ' ' && c <= '~'; };
  return !text.empty() && text.size() <= kMaxClientName && std::ranges::all_of(text, visible);
}

}  // namespace

absl::Status NoBackendError() {
  return absl::InternalError(absl::StrCat("The daemon has no backend called ", AbslView(kDefaultBackend), "."));
}

Caller IdentifyCaller(const Caller& listener, const grpc::ServerContextBase& context) {
  const auto& entries = context.client_metadata();
  const auto entry = entries.find(kClientEntry);
  const std::string_view name =
      entry == entries.end() ? std::string_view() : std::string_view(entry->second.data(), entry->second.size());
  // gRPC composes the peer's name each time; the peers of a UNIX socket have no address.
  const bool unix_socket = listener.listener.starts_with("unix:");
  Caller caller = listener;
  caller.client = ClientIdentity(unix_socket ? "unix:" : context.peer(), name);
  return caller;
}

std::shared_ptr<const CallIdentity> IdentifyCall(const Arrival& arrival) {
  auto identity = std::make_shared<CallIdentity>();
  identity->call_id = NewCallId();
  identity->method = std::string(arrival.endpoint.method.name());
  identity->backend = kDefaultBackend;
  identity->caller = IdentifyCaller(arrival.endpoint.listener, arrival.context);
  return identity;
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

}  // namespace daytonad
