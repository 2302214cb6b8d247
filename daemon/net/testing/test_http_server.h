#ifndef DAYTONAD_DAEMON_NET_TESTING_TEST_HTTP_SERVER_H_
#define DAYTONAD_DAEMON_NET_TESTING_TEST_HTTP_SERVER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/net/event_loop.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

// An HTTP/1.1 server that does exactly what a test tells it, on a thread and a loopback port of its own:
//
//   TestHttpServer server([](const TestHttpServer::Request& request) -> TestHttpServer::Script {
//     if (request.target == "/hang") return {TestHttpServer::Hang{}};
//     return {TestHttpServer::Answer(200, "hello")};
//   });
//
// The handler runs on the server's thread, once per request, and returns the steps that are then done in order. After
// the last step the connection waits for its next request.
class TestHttpServer {
 public:
  struct Request {
    std::string method;
    std::string target;
    HttpHeaders headers;
    std::string body;
    int connection = 0;  // 1 for the first one accepted
  };

  // Raw bytes, `times` over.
  struct Send {
    std::string bytes;
    size_t times = 1;
  };
  // Waits for OpenGate(name).
  struct Gate {
    std::string name;
  };
  // Waits for the client to close the connection.
  struct Hang {};
  // Closes the connection; with `reset` by a TCP reset.
  struct Close {
    bool reset = false;
  };
  using Step = std::variant<Send, Gate, Hang, Close>;
  using Script = std::vector<Step>;
  using Handler = std::function<Script(const Request&)>;

  // A whole answer with a Content-Length. `headers` are lines that end with "\r\n".
  static Send Answer(int status, std::string_view body, std::string_view headers = "");
  // The head of a chunked answer, one chunk, and the end of them.
  static Send ChunkedHead(int status = 200);
  static Send Chunk(std::string_view bytes);
  static Send LastChunk();

  struct TlsFiles {
    std::string certificate_file;  // PEM
    std::string key_file;
  };

  explicit TestHttpServer(Handler handler);
  TestHttpServer(Handler handler, const TlsFiles& tls);
  ~TestHttpServer();

  uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT/path", or https.
  std::string Url(std::string_view path) const;

  void OpenGate(const std::string& name);

  // What was seen so far.
  struct Stats {
    int accepted = 0;         // connections
    int requests = 0;         // read whole
    int in_progress = 0;      // being answered now
    int max_in_progress = 0;  // at the same time
    int hung_up = 0;          // connections closed by the client during a Hang
    int closed = 0;           // connections ended, by whichever side
    size_t bytes_sent = 0;
  };
  Stats stats() const;
  std::vector<Request> requests() const;
  // Waits until `condition` holds; false if it does not for half a minute.
  bool WaitUntil(const std::function<bool(const Stats&)>& condition) const;

 private:
  class Impl;

  TestHttpServer(Handler handler, const TlsFiles* tls);
  void Note(const std::function<void(Stats&)>& change);

  Handler handler_;
  bool tls_;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Stats stats_;
  std::vector<Request> requests_;
  EventLoop loop_{"test-http"};
  std::unique_ptr<Impl> impl_;  // on the loop
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_TESTING_TEST_HTTP_SERVER_H_
