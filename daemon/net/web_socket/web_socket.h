#ifndef DAYTONAD_DAEMON_NET_WEB_SOCKET_WEB_SOCKET_H_
#define DAYTONAD_DAEMON_NET_WEB_SOCKET_WEB_SOCKET_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

struct WebSocketRequest {
  std::string url;  // ws or wss; http and https are synonyms
  HttpHeaders headers;
};

// An open WebSocket connection (RFC 6455) for text messages. At most one Read and one Write at a time. Destroying it
// closes the connection at once, without a closing handshake, and aborts pending operations.
//
// A failed Read or Write has closed the connection, even if its call was cancelled or timed out: half a frame may have
// been sent.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  // The next complete message. UNAVAILABLE (WEB_SOCKET_CLOSED) if the connection ended: the peer closed it, or sent
  // something other than text within the size limit.
  virtual Task<absl::StatusOr<std::string>> Read(CallContext context) = 0;

  // Sends one message. `text` must live until this has returned.
  virtual Task<absl::Status> Write(CallContext context, std::string_view text) = 0;
};

// Opens WebSockets. Loop thread only.
class WebSocketConnector {
 public:
  virtual ~WebSocketConnector() = default;

  // Connects and upgrades. FAILED_PRECONDITION (UPGRADE_REFUSED, metadata `http_status`) if the peer gives another
  // answer, including redirects; UNAVAILABLE (UPSTREAM_UNREACHABLE, UPSTREAM_TLS_FAILED, WEB_SOCKET_CLOSED) if there is
  // no answer; or the context's error, at once when the context ends.
  virtual Task<absl::StatusOr<std::unique_ptr<WebSocket>>> Connect(CallContext context, WebSocketRequest request) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_WEB_SOCKET_WEB_SOCKET_H_
