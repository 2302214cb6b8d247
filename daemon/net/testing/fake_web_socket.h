#ifndef DAYTONAD_DAEMON_NET_TESTING_FAKE_WEB_SOCKET_H_
#define DAYTONAD_DAEMON_NET_TESTING_FAKE_WEB_SOCKET_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/net/web_socket/web_socket.h"

namespace daytonad {

// A server for unit tests, without a socket: it does what its two functions say. On the thread of the coroutines.
class FakeWebSocketServer final : public WebSocketConnector {
 public:
  // One connection, as the server sees it. Survives the client's end of it.
  struct Connection {
    std::string url;
    HttpHeaders headers;
    Clock::TimePoint asked_at;  // for
    struct Received {
      std::string text;
      Clock::TimePoint at;
    };
    std::vector<Received> received;
    bool closed_by_client = false;

    void Send(std::string text) {
      to_client.push_back(std::move(text));
      Wake();
    }
    // The client reads what was sent, and then the end.
    void Close() {
      closed = true;
      Wake();
    }

    std::deque<std::string> to_client;
    bool closed = false;
    std::shared_ptr<Event> changed = std::make_shared<Event>();
    void Wake() { std::exchange(changed, std::make_shared<Event>())->Fire(); }
  };

  explicit FakeWebSocketServer(Clock& clock) : clock_(clock) {}

  // What becomes of an attempt: an error refuses it. Then what is sent first may be sent.
  std::function<absl::Status(Connection&)> on_connect = [](Connection&) { return absl::OkStatus(); };
  std::function<void(Connection&, std::string_view)> on_message = [](Connection&, std::string_view) {};

  // All attempts, in order.
  std::vector<std::shared_ptr<Connection>> attempts;

  Task<absl::StatusOr<std::unique_ptr<WebSocket>>> Connect(CallContext context, WebSocketRequest request) override {
    auto connection = std::make_shared<Connection>();
    connection->url = std::move(request.url);
    connection->headers = std::move(request.headers);
    connection->asked_at = clock_.Now();
    attempts.push_back(connection);
    if (absl::Status status = context.Check(clock_.Now()); !status.ok()) co_return status;
    if (absl::Status status = on_connect(*connection); !status.ok()) co_return status;
    co_return std::make_unique<Socket>(*this, std::move(connection));
  }

 private:
  class Socket final : public WebSocket {
   public:
    Socket(FakeWebSocketServer& server, std::shared_ptr<Connection> connection)
        : server_(server), connection_(std::move(connection)) {}
    ~Socket() override { connection_->closed_by_client = true; }

    Task<absl::StatusOr<std::string>> Read(CallContext context) override {
      while (connection_->to_client.empty()) {
        if (connection_->closed) co_return Closed();
        const std::shared_ptr<Event> changed = connection_->changed;
        const absl::Status waited = co_await changed->Wait(server_.clock_, context);
        if (!waited.ok()) co_return waited;
      }
      std::string text = std::move(connection_->to_client.front());
      connection_->to_client.pop_front();
      co_return text;
    }

    Task<absl::Status> Write(CallContext context, std::string_view text) override {
      if (absl::Status status = context.Check(server_.clock_.Now()); !status.ok()) co_return status;
      if (connection_->closed) co_return Closed();
      connection_->received.push_back({std::string(text), server_.clock_.Now()});
      server_.on_message(*connection_, text);
      co_return absl::OkStatus();
    }

   private:
    static absl::Status Closed() {
      return MakeError(absl::StatusCode::kUnavailable, "WEB_SOCKET_CLOSED", "The connection ended.");
    }

    FakeWebSocketServer& server_;
    const std::shared_ptr<Connection> connection_;
  };

  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_TESTING_FAKE_WEB_SOCKET_H_
