#include "daemon/net/testing/test_http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/call_context.h"
#include "daemon/base/event.h"
#include "daemon/net/asio_clock.h"

namespace daytonad {
namespace {

using boost::asio::ip::tcp;
using Acceptor = boost::asio::basic_socket_acceptor<tcp, Executor>;
using Socket = boost::asio::basic_stream_socket<tcp, Executor>;
using TlsStream = boost::asio::ssl::stream<Socket>;

constexpr auto kTuple = boost::asio::as_tuple(kUseTask);

Socket& SocketOf(Socket& socket) { return socket; }
Socket& SocketOf(TlsStream& stream) { return stream.next_layer(); }

}  // namespace

// Everything that lives on the server's loop.
class TestHttpServer::Impl {
 public:
  Impl(TestHttpServer& server, const TlsFiles* tls)
      : server_(server), acceptor_(server.loop_.executor(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    if (tls != nullptr) {
      tls_context_.emplace(boost::asio::ssl::context::tls_server);
      tls_context_->use_certificate_chain_file(tls->certificate_file);
      tls_context_->use_private_key_file(tls->key_file, boost::asio::ssl::context::pem);
    }
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void Stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (Socket* socket : open_) socket->close(ignored);
    stop_.request_stop();
  }

  void OpenGate(const std::string& name) { gates_[name].Fire(); }

  Task<void> Accept() {
    for (int id = 1;; ++id) {
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error) co_return;
      server_.Note([](Stats& stats) { ++stats.accepted; });
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      server_.loop_.Spawn(tls_context_.has_value() ? ServeTls(std::move(socket), id)
                                                   : ServePlain(std::move(socket), id));
    }
  }

 private:
  Task<void> ServePlain(Socket socket, int id) { co_await Serve(socket, id); }

  Task<void> ServeTls(Socket socket, int id) {
    TlsStream stream(std::move(socket), *tls_context_);
    open_.insert(&stream.next_layer());
    auto [error] = co_await stream.async_handshake(boost::asio::ssl::stream_base::server, kTuple);
    if (!error) co_await Serve(stream, id);
    open_.erase(&stream.next_layer());
  }

  template <typename Stream>
  Task<void> Serve(Stream& stream, int id) {
    open_.insert(&SocketOf(stream));
    std::string buffer;
    bool alive = true;
    while (alive) {
      std::optional<Request> request = co_await ReadRequest(stream, buffer);
      if (!request.has_value()) break;
      request->connection = id;
      {
        const std::lock_guard lock(server_.mutex_);
        server_.requests_.push_back(*request);
      }
      server_.Note([](Stats& stats) {
        ++stats.requests;
        stats.max_in_progress = std::max(stats.max_in_progress, ++stats.in_progress);
      });
      const Script script = server_.handler_(*request);
      for (size_t i = 0; alive && i < script.size(); ++i) alive = co_await Do(stream, script[i]);
      server_.Note([](Stats& stats) { --stats.in_progress; });
    }
    open_.erase(&SocketOf(stream));
    boost::system::error_code ignored;
    SocketOf(stream).close(ignored);
    server_.Note([](Stats& stats) { ++stats.closed; });
  }

  // Reads from `buffer` and then from the stream; what is too much stays in `buffer`.
  template <typename Stream>
  Task<std::optional<Request>> ReadRequest(Stream& stream, std::string& buffer) {
    auto dynamic = boost::asio::dynamic_buffer(buffer);
    const auto [error, head_size] = co_await boost::asio::async_read_until(stream, dynamic, "\r\n\r\n", kTuple);
    if (error) co_return std::nullopt;
    Request request;
    size_t length = 0;
    const std::vector<std::string> lines = absl::StrSplit(buffer.substr(0, head_size - 4), "\r\n");
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i == 0) {
        const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
        request.method = words[0];
        request.target = words.size() > 1 ? words[1] : "";
        continue;
      }
      const std::pair<std::string, std::string> field = absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
      request.headers.Add(field.first, StdView(absl::StripAsciiWhitespace(field.second)));
    }
    (void)absl::SimpleAtoi(AbslView(request.headers.Get("Content-Length")), &length);
    buffer.erase(0, head_size);
    while (buffer.size() < length) {
      const size_t had = buffer.size();
      buffer.resize(length);
      const auto rest = boost::asio::buffer(buffer.data() + had, length - had);
      const auto [read_error, count] = co_await stream.async_read_some(rest, kTuple);
      buffer.resize(had + count);
      if (read_error) co_return std::nullopt;
    }
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    co_return request;
  }

  // False when the connection is at its end.
  template <typename Stream>
  Task<bool> Do(Stream& stream, const Step& step) {
    if (const auto* send = std::get_if<Send>(&step)) {
      for (size_t i = 0; i < send->times; ++i) {
        const auto bytes = boost::asio::buffer(send->bytes);
        const auto [error, count] = co_await boost::asio::async_write(stream, bytes, kTuple);
        server_.Note([count = count](Stats& stats) { stats.bytes_sent += count; });
        if (error) co_return false;
      }
      co_return true;
    }
    if (const auto* gate = std::get_if<Gate>(&step)) {
      const CallContext context = CallContext::Background("test server").WithStopToken(stop_.get_token());
      const absl::Status waited = co_await gates_[gate->name].Wait(clock_, context);
      co_return waited.ok();
    }
    if (std::holds_alternative<Hang>(step)) {
      char byte = 0;
      const auto one = boost::asio::buffer(&byte, 1);
      const auto [error, count] = co_await stream.async_read_some(one, kTuple);
      if (error && count == 0 && !stop_.stop_requested()) server_.Note([](Stats& stats) { ++stats.hung_up; });
      co_return false;
    }
    if (std::get<Close>(step).reset) {
      boost::system::error_code ignored;
      SocketOf(stream).set_option(boost::asio::socket_base::linger(true, 0), ignored);
    }
    co_return false;
  }

  TestHttpServer& server_;
  Acceptor acceptor_;
  std::optional<boost::asio::ssl::context> tls_context_;
  AsioClock clock_;
  std::map<std::string, Event> gates_;
  std::set<Socket*> open_;
  std::stop_source stop_;
};

TestHttpServer::Send TestHttpServer::Answer(int status, std::string_view body, std::string_view headers) {
  return {absl::StrCat("HTTP/1.1 ", status, " Status\r\n", AbslView(headers), "Content-Length: ", body.size(),
                       "\r\n\r\n", AbslView(body))};
}

TestHttpServer::Send TestHttpServer::ChunkedHead(int status) {
  return {absl::StrCat("HTTP/1.1 ", status, " Status\r\nTransfer-Encoding: chunked\r\n\r\n")};
}

TestHttpServer::Send TestHttpServer::Chunk(std::string_view bytes) {
  return {absl::StrCat(absl::Hex(bytes.size()), "\r\n", AbslView(bytes), "\r\n")};
}

TestHttpServer::Send TestHttpServer::LastChunk() { return {"0\r\n\r\n"}; }

TestHttpServer::TestHttpServer(Handler handler) : TestHttpServer(std::move(handler), nullptr) {}

TestHttpServer::TestHttpServer(Handler handler, const TlsFiles& tls) : TestHttpServer(std::move(handler), &tls) {}

TestHttpServer::TestHttpServer(Handler handler, const TlsFiles* tls)
    : handler_(std::move(handler)), tls_(tls != nullptr), impl_(std::make_unique<Impl>(*this, tls)) {
  port_ = impl_->port();
  loop_.Spawn(impl_->Accept());
}

TestHttpServer::~TestHttpServer() {
  loop_.Post([this] { impl_->Stop(); });
  loop_.Stop();
}

std::string TestHttpServer::Url(std::string_view path) const {
  return absl::StrCat(tls_ ? "https" : "http", "://127.0.0.1:", port_, AbslView(path));
}

void TestHttpServer::OpenGate(const std::string& name) {
  loop_.Post([this, name] { impl_->OpenGate(name); });
}

TestHttpServer::Stats TestHttpServer::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::vector<TestHttpServer::Request> TestHttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool TestHttpServer::WaitUntil(const std::function<bool(const Stats&)>& condition) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(stats_); });
}

void TestHttpServer::Note(const std::function<void(Stats&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    change(stats_);
  }
  changed_.notify_all();
}

}  // namespace daytonad
