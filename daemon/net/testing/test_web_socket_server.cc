#include "daemon/net/testing/test_web_socket_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <stop_token>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/call_context.h"
#include "daemon/base/event.h"
#include "daemon/net/asio_clock.h"

namespace daytonad {
namespace {

namespace websocket = boost::beast::websocket;
using boost::asio::ip::tcp;
using Acceptor = boost::asio::basic_socket_acceptor<tcp, Executor>;
using Socket = boost::asio::basic_stream_socket<tcp, Executor>;
using TlsStream = boost::asio::ssl::stream<Socket>;

constexpr auto kTuple = boost::asio::as_tuple(kUseTask);

Socket& SocketOf(Socket& socket) { return socket; }
Socket& SocketOf(TlsStream& stream) { return stream.next_layer(); }

}  // namespace

// Everything that lives on the server's loop.
class TestWebSocketServer::Impl {
 public:
  Impl(TestWebSocketServer& server, const TestHttpServer::TlsFiles* tls)
      : server_(server), acceptor_(server.loop_.executor(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    if (tls == nullptr) return;
    tls_context_.emplace(boost::asio::ssl::context::tls_server);
    tls_context_->use_certificate_chain_file(tls->certificate_file);
    tls_context_->use_private_key_file(tls->key_file, boost::asio::ssl::context::pem);
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void Stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (Socket* socket : open_) socket->close(ignored);
    stop_.request_stop();
  }

  Task<void> Accept() {
    while (true) {
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error) co_return;
      server_.loop_.Spawn(tls_context_.has_value() ? ServeTls(std::move(socket)) : ServePlain(std::move(socket)));
    }
  }

 private:
  Task<void> ServePlain(Socket socket) {
    websocket::stream<Socket> stream(std::move(socket));
    co_await Serve(stream);
  }

  Task<void> ServeTls(Socket socket) {
    websocket::stream<TlsStream> stream(std::move(socket), *tls_context_);
    const auto [error] = co_await stream.next_layer().async_handshake(boost::asio::ssl::stream_base::server, kTuple);
    if (!error) co_await Serve(stream);
  }

  template <typename Stream>
  Task<void> Serve(Stream& stream) {
    Socket& socket = SocketOf(stream.next_layer());
    open_.insert(&socket);
    server_.Note([](Seen& seen) { ++seen.open; });
    if (co_await Open(stream)) {
      bool alive = co_await Do(stream, server_.handler_(""));
      while (alive) {
        std::string message;
        auto buffer = boost::asio::dynamic_buffer(message);
        const auto [error, size] = co_await stream.async_read(buffer, kTuple);
        if (error) break;
        server_.Note([&message](Seen& seen) { seen.messages.push_back(message); });
        alive = co_await Do(stream, server_.handler_(message));
      }
    }
    open_.erase(&socket);
    boost::system::error_code ignored;
    socket.close(ignored);
    server_.Note([](Seen& seen) {
      --seen.open;
      ++seen.closed;
    });
  }

  template <typename Stream>
  Task<bool> Open(Stream& stream) {
    std::string head;
    auto buffer = boost::asio::dynamic_buffer(head);
    const auto [error, size] = co_await boost::asio::async_read_until(stream.next_layer(), buffer, "\r\n\r\n", kTuple);
    if (error) co_return false;
    server_.Note([&head](Seen& seen) { seen.heads.push_back(head); });
    const std::string refusal = server_.Refusal();
    if (!refusal.empty()) {
      const auto bytes = boost::asio::buffer(refusal);
      co_await boost::asio::async_write(stream.next_layer(), bytes, kTuple);
      co_return false;
    }
    const auto read = boost::asio::buffer(head);
    const auto [refused] = co_await stream.async_accept(read, kTuple);
    co_return !refused;
  }

  // False when the connection is at its end.
  template <typename Stream>
  Task<bool> Do(Stream& stream, Actions actions) {
    for (const Action& action : actions) {
      const auto bytes = boost::asio::buffer(action.bytes);
      switch (action.kind) {
        case Kind::kText:
        case Kind::kBinary:
          stream.text(action.kind == Kind::kText);
          for (size_t i = 0; i < action.times; ++i) {
            const auto [error, size] = co_await stream.async_write(bytes, kTuple);
            if (error) co_return false;
          }
          break;
        case Kind::kRaw:
          co_await boost::asio::async_write(stream.next_layer(), bytes, kTuple);
          break;
        case Kind::kClose: {
          const websocket::close_reason reason(websocket::close_code::going_away);
          co_await stream.async_close(reason, kTuple);
          co_return false;
        }
        case Kind::kDrop:
          co_return false;
        case Kind::kStall: {
          Event never;
          const CallContext context = CallContext::Background("test server").WithStopToken(stop_.get_token());
          const absl::Status stopped = co_await never.Wait(clock_, context);
          stopped.IgnoreError();
          co_return false;
        }
      }
    }
    co_return true;
  }

  TestWebSocketServer& server_;
  Acceptor acceptor_;
  std::optional<boost::asio::ssl::context> tls_context_;
  AsioClock clock_;
  std::set<Socket*> open_;
  std::stop_source stop_;
};

TestWebSocketServer::TestWebSocketServer(Handler handler, const TestHttpServer::TlsFiles* tls)
    : handler_(std::move(handler)), tls_(tls != nullptr), impl_(std::make_unique<Impl>(*this, tls)) {
  port_ = impl_->port();
  loop_.Spawn(impl_->Accept());
}

TestWebSocketServer::~TestWebSocketServer() {
  loop_.Post([this] { impl_->Stop(); });
  loop_.Stop();
}

std::string TestWebSocketServer::Url(std::string_view path) const {
  return absl::StrCat(tls_ ? "https" : "http", "://127.0.0.1:", port_, AbslView(path));
}

void TestWebSocketServer::Refuse(std::string answer) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(answer);
}

std::string TestWebSocketServer::Refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

TestWebSocketServer::Seen TestWebSocketServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

bool TestWebSocketServer::WaitUntil(const std::function<bool(const Seen&)>& condition) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(seen_); });
}

void TestWebSocketServer::Note(const std::function<void(Seen&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    change(seen_);
  }
  changed_.notify_all();
}

}  // namespace daytonad
