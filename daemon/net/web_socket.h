#ifndef DAYTONAD_DAEMON_NET_WEB_SOCKET_H_
#define DAYTONAD_DAEMON_NET_WEB_SOCKET_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/net/http_client.h"

namespace daytonad {

struct WebSocketRequest {
  std::string url;  // ws or wss; http and https mean the same
  HttpHeaders headers;
};

// An open WebSocket connection (RFC 6455) for text messages. At most one Read and one Write at a time. Destroying it
// ends the connection at once, without a closing handshake, and what is under way with it.
//
// A Read or Write that fails has ended the connection, also when it failed because its call was cancelled or out of
// time: half a frame may have gone out.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  // The next message, whole. UNAVAILABLE (reason WEB_SOCKET_CLOSED) when the connection ended, by the peer or because
  // the peer sent something other than text of a tolerable size.
  virtual Task<absl::StatusOr<std::string>> Read(CallContext context) = 0;

  // Sends one message. `text` must live until this has returned.
  virtual Task<absl::Status> Write(CallContext context, std::string_view text) = 0;
};

// Opens them. Loop thread only.
class WebSocketConnector {
 public:
  virtual ~WebSocketConnector() = default;

  // Connects, and asks for the upgrade. FAILED_PRECONDITION (reason UPGRADE_REFUSED, metadata `http_status`) if the
  // peer answers with something else, a redirection included; UNAVAILABLE (UPSTREAM_UNREACHABLE, UPSTREAM_TLS_FAILED,
  // WEB_SOCKET_CLOSED) if there is no such answer; or as the context says. The context's end ends it at once.
  virtual Task<absl::StatusOr<std::unique_ptr<WebSocket>>> Connect(CallContext context, WebSocketRequest request) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_WEB_SOCKET_H_
