#ifndef DAYTONAD_DAEMON_NET_TESTING_TEST_WEB_SOCKET_SERVER_H_
#define DAYTONAD_DAEMON_NET_TESTING_TEST_WEB_SOCKET_SERVER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/net/event_loop.h"
#include "daemon/net/testing/test_http_server.h"

namespace daytonad {

// A WebSocket server that does what a test tells it, on a thread and a loopback port of its own. Its handler is called
// on that thread, with each message, and with the empty message once when a connection has been opened:
//
//   TestWebSocketServer server([](const std::string& message) -> TestWebSocketServer::Actions {
//     if (message.empty()) return {{.kind = kText, .bytes = "welcome"}};
//     return {{.kind = kText, .bytes = "you said " + message}, {.kind = kClose}};
//   });
class TestWebSocketServer {
 public:
  enum class Kind {
    kText,    // sends a message
    kBinary,  // the same, marked as binary
    kRaw,     // sends bytes past WebSocket
    kClose,   // closes the connection as WebSocket wants it
    kDrop,    // closes the TCP connection
    kStall,   // reads no more
  };
  struct Action {
    Kind kind = Kind::kText;
    std::string bytes = {};
    size_t times = 1;
  };
  using Actions = std::vector<Action>;
  using Handler = std::function<Actions(const std::string& message)>;

  explicit TestWebSocketServer(Handler handler, const TestHttpServer::TlsFiles* tls = nullptr);
  ~TestWebSocketServer();

  // From now on, answers upgrades with these bytes instead: "HTTP/1.1 401 Unauthorized\r\n\r\n". Empty: no longer.
  void Refuse(std::string answer);

  uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT/path", or https.
  std::string Url(std::string_view path) const;

  struct Seen {
    std::vector<std::string> heads;  // of upgrade requests, whole
    std::vector<std::string> messages;
    int open = 0;    // connections, now
    int closed = 0;  // connections that ended
  };
  Seen seen() const;
  // Waits until `condition` holds; false if it does not for half a minute.
  bool WaitUntil(const std::function<bool(const Seen&)>& condition) const;

 private:
  class Impl;

  void Note(const std::function<void(Seen&)>& change);
  std::string Refusal() const;

  const Handler handler_;
  const bool tls_;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Seen seen_;
  std::string refusal_;
  EventLoop loop_{"test-websocket"};
  std::unique_ptr<Impl> impl_;  // on the loop
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_TESTING_TEST_WEB_SOCKET_SERVER_H_
