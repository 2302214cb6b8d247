#ifndef DAYTONAD_DAEMON_NET_WEB_SOCKET_CURL_WEB_SOCKET_H_
#define DAYTONAD_DAEMON_NET_WEB_SOCKET_CURL_WEB_SOCKET_H_

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/net/http/curl_handles.h"
#include "daemon/net/http/curl_http_client.h"
#include "daemon/net/web_socket/web_socket.h"

namespace daytonad {

// WebSockets (Boost.Beast) over connections that libcurl opens, so that certificate authorities, proxies and NO_PROXY
// work as in CurlHttpClient. No compression. Its WebSockets may outlive it, but not the loop.
class CurlWebSocketConnector final : public WebSocketConnector {
 public:
  // Uses only the connection options; limits and lifetimes of pools are ignored.
  CurlWebSocketConnector(const Executor& executor, const HttpClientOptions& options);

  Task<absl::StatusOr<std::unique_ptr<WebSocket>>> Connect(CallContext context, WebSocketRequest request) override;

 private:
  Executor executor_;
  std::shared_ptr<CurlHandles> handles_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_WEB_SOCKET_CURL_WEB_SOCKET_H_
