#include "daemon/net/web_socket/curl_web_socket.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/wakeup.h"
#include "daemon/net/http/curl_connection.h"
#include "daemon/net/url.h"

// The one file that includes Beast: that takes half a minute to compile.
namespace daytonad {
namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr auto kTuple = boost::asio::as_tuple(kUseTask);

// Upstream says that it sends at most 1 MB.
constexpr size_t kMaxMessage = size_t{1} << 20;
// What is read at once: a burst of events is many small frames.
constexpr size_t kReadBuffer = size_t{16} << 10;

// A CurlConnection as Asio's streams are.
class CurlStream {
 public:
  using executor_type = Executor;

  CurlStream(const Executor& executor, std::unique_ptr<CurlConnection> connection)
      : executor_(executor), connection_(std::move(connection)) {}

  executor_type get_executor() const noexcept { return executor_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const auto first = First<boost::asio::mutable_buffer>(buffers);
    return boost::asio::async_compose<Token, void(error_code, size_t)>(Reading{*this, first}, token, executor_);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    const auto first = First<boost::asio::const_buffer>(buffers);
    return boost::asio::async_compose<Token, void(error_code, size_t)>(Writing{*this, first}, token, executor_);
  }

  void Close() { connection_->Close(); }

 private:
  // An operation never completes within the call that starts it, but in a later iteration of the loop.
  enum class Step { kTry, kWaited, kDone };

  struct Reading {
    CurlStream& stream;
    boost::asio::mutable_buffer buffer;
    Step step = Step::kTry;
    error_code result = {};
    size_t count = 0;

    template <typename Self>
    void operator()(Self& self, error_code waited = {}) {
      if (step == Step::kDone) return self.complete(result, count);
      if (waited) return self.complete(waited, 0);
      count = stream.Take(buffer, result);
      stream.Continue(self, step, result, count, CurlConnection::Descriptor::wait_read);
    }
  };

  struct Writing {
    CurlStream& stream;
    boost::asio::const_buffer buffer;
    Step step = Step::kTry;
    error_code result = {};
    size_t count = 0;

    template <typename Self>
    void operator()(Self& self, error_code waited = {}) {
      if (step == Step::kDone) return self.complete(result, count);
      if (waited) return self.complete(waited, 0);
      count = stream.connection_->Send(buffer.data(), buffer.size(), result);
      stream.Continue(self, step, result, count, CurlConnection::Descriptor::wait_write);
    }
  };

  // After an attempt: completes the operation, or retries when the socket is ready.
  template <typename Self>
  void Continue(Self& self, Step& step, error_code result, size_t count,
                CurlConnection::Descriptor::wait_type readiness) {
    if (result == boost::asio::error::would_block) {
      step = Step::kWaited;
      connection_->descriptor().async_wait(readiness, std::move(self));
    } else if (step == Step::kWaited) {
      self.complete(result, count);
    } else {
      step = Step::kDone;
      boost::asio::post(executor_, std::move(self));
    }
  }

  // Reads from the read-ahead buffer, or from the connection.
  size_t Take(boost::asio::mutable_buffer buffer, error_code& error) {
    if (ahead_.size() == 0) {
      if (buffer.size() >= kReadBuffer) return connection_->Receive(buffer.data(), buffer.size(), error);
      const size_t count = connection_->Receive(read_buffer_.data(), read_buffer_.size(), error);
      ahead_ = boost::asio::const_buffer(read_buffer_.data(), count);
    }
    const size_t taken = boost::asio::buffer_copy(buffer, ahead_);
    ahead_ += taken;
    if (taken > 0 || buffer.size() == 0) error = {};
    return taken;
  }

  // The first non-empty buffer.
  template <typename Buffer, typename Buffers>
  static Buffer First(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
      if (Buffer(*it).size() > 0) return Buffer(*it);
    }
    return Buffer();
  }

  Executor executor_;
  std::unique_ptr<CurlConnection> connection_;
  std::array<char, kReadBuffer> read_buffer_;
  boost::asio::const_buffer ahead_;  // in read_buffer_
};

// Beast finds these two by their argument.

template <typename Handler>
void async_teardown(beast::role_type, CurlStream& stream, Handler&& handler) {
  stream.Close();
  boost::asio::post(stream.get_executor(), beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
}

void beast_close_socket(CurlStream& stream) { stream.Close(); }

// Acts when a deadline has passed. Each read sets it to later, which costs nothing here: the timer is armed again only
// when it goes off.
class Watchdog {
 public:
  using TimePoint = LoopTimer::time_point;

  Watchdog(const Executor& executor, std::function<void()> action) : timer_(executor), action_(std::move(action)) {}

  void Set(TimePoint deadline) {
    deadline_ = deadline;
    Arm();
  }

 private:
  void Arm() {
    if (deadline_ >= armed_until_) return;
    armed_until_ = deadline_;
    timer_.expires_at(deadline_);
    timer_.async_wait([weak = std::weak_ptr<Watchdog*>(self_)](const error_code& error) {
      const auto self = weak.lock();
      if (!error && self != nullptr) (*self)->OnTimer();
    });
  }

  void OnTimer() {
    armed_until_ = TimePoint::max();
    if (std::chrono::steady_clock::now() < deadline_) {
      Arm();
    } else {
      action_();
    }
  }

  LoopTimer timer_;
  std::function<void()> action_;
  TimePoint deadline_ = TimePoint::max();
  TimePoint armed_until_ = TimePoint::max();
  // Expires with this object, so that a wait that completed just before its end does not use it.
  std::shared_ptr<Watchdog*> self_ = std::make_shared<Watchdog*>(this);
};

// The connection, shared by the WebSocket and by what is under way on it: Beast's operations refer to it until they
// have completed, which is in a later turn of the loop than the WebSocket's end.
class Session {
 public:
  Session(const Executor& executor, std::unique_ptr<CurlConnection> connection, std::string peer)
      : stream_(executor, std::move(connection)),
        peer_(std::move(peer)),
        reading_(executor, [this] { Close(); }),
        writing_(executor, [this] { Close(); }) {
    stream_.read_message_max(kMaxMessage);
    stream_.auto_fragment(false);
    stream_.text(true);
  }

  void Close() {
    closed_ = true;
    stream_.next_layer().Close();
    reading_.Set(Watchdog::TimePoint::max());
    writing_.Set(Watchdog::TimePoint::max());
  }

  static Task<absl::Status> Upgrade(std::shared_ptr<Session> self, CallContext context, std::string host,
                                    std::string target, HttpHeaders headers) {
    const EndWithCall guard(*self, context, self->reading_);
    self->stream_.set_option(
        websocket::stream_base::decorator([headers = std::move(headers)](websocket::request_type& request) {
          for (const auto& [name, value] : headers.entries()) request.insert(name, value);
        }));
    websocket::response_type response;
    const auto [error] = co_await self->stream_.async_handshake(response, host, target, kTuple);
    if (error == websocket::error::upgrade_declined) {
      const std::string status = std::to_string(response.result_int());
      co_return MakeError(
          absl::StatusCode::kFailedPrecondition, "UPGRADE_REFUSED",
          absl::StrCat(self->peer_, " has no WebSocket at this path: it answered with HTTP status ", status, "."),
          {{"http_status", status}});
    }
    co_return error ? self->Ended(context, error) : absl::OkStatus();
  }

  static Task<absl::StatusOr<std::string>> Read(std::shared_ptr<Session> self, CallContext context) {
    const EndWithCall guard(*self, context, self->reading_);
    if (self->closed_) co_return self->Ended(context, boost::asio::error::not_connected);
    std::string message;
    auto buffer = boost::asio::dynamic_buffer(message);
    const auto [error, size] = co_await self->stream_.async_read(buffer, kTuple);
    if (error) {
      self->Close();
      co_return self->Ended(context, error);
    }
    if (!self->stream_.got_text()) {
      self->Close();
      co_return self->Ended(context, websocket::error::bad_data_frame);
    }
    co_return message;
  }

  static Task<absl::Status> Write(std::shared_ptr<Session> self, CallContext context, std::string_view text) {
    const EndWithCall guard(*self, context, self->writing_);
    if (self->closed_) co_return self->Ended(context, boost::asio::error::not_connected);
    const boost::asio::const_buffer buffer(text.data(), text.size());
    const auto [error, size] = co_await self->stream_.async_write(buffer, kTuple);
    if (!error) co_return absl::OkStatus();
    self->Close();
    co_return self->Ended(context, error);
  }

 private:
  // Closes the connection, and so aborts the operation, when the call is cancelled or times out.
  class EndWithCall {
   public:
    EndWithCall(Session& session, const CallContext& context, Watchdog& watchdog)
        : watchdog_(watchdog), on_stop_(context.stop_token(), Stop{session}) {
      watchdog_.Set(context.deadline());
    }
    EndWithCall(const EndWithCall&) = delete;
    EndWithCall& operator=(const EndWithCall&) = delete;
    ~EndWithCall() { watchdog_.Set(Watchdog::TimePoint::max()); }

   private:
    struct Stop {
      Session& session;
      void operator()() const { session.Close(); }
    };
    Watchdog& watchdog_;
    std::stop_callback<Stop> on_stop_;
  };

  absl::Status Ended(const CallContext& context, const error_code& error) const {
    if (absl::Status status = context.Check(std::chrono::steady_clock::now()); !status.ok()) return status;
    return MakeError(absl::StatusCode::kUnavailable, "WEB_SOCKET_CLOSED",
                     absl::StrCat("The WebSocket connection to ", peer_, " ended: ", error.message(), "."));
  }

  websocket::stream<CurlStream, /*deflateSupported=*/false> stream_;
  const std::string peer_;
  bool closed_ = false;  // Beast's stream must not be used after an error
  Watchdog reading_;
  Watchdog writing_;
};

class CurlWebSocket final : public WebSocket {
 public:
  explicit CurlWebSocket(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  CurlWebSocket(const CurlWebSocket&) = delete;
  CurlWebSocket& operator=(const CurlWebSocket&) = delete;
  ~CurlWebSocket() override { session_->Close(); }

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    return Session::Read(session_, std::move(context));
  }
  Task<absl::Status> Write(CallContext context, std::string_view text) override {
    return Session::Write(session_, std::move(context), text);
  }

 private:
  const std::shared_ptr<Session> session_;
};

// libcurl and Origin know http and https.
std::string HttpUrl(std::string url) {
  if (absl::StartsWithIgnoreCase(url, "ws:") || absl::StartsWithIgnoreCase(url, "wss:")) url.replace(0, 2, "http");
  return url;
}

std::string HostHeader(const Origin& origin) {
  const bool usual_port = origin.port == (origin.scheme == "https" ? 443 : 80);
  return usual_port ? origin.host : origin.Authority();
}

// Path and query.
std::string TargetOf(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const size_t start = url.find_first_of("/?", url.find("://") + 3);
  if (start == std::string_view::npos) return "/";
  return url[start] == '/' ? std::string(url.substr(start)) : absl::StrCat("/", AbslView(url.substr(start)));
}

}  // namespace

CurlWebSocketConnector::CurlWebSocketConnector(const Executor& executor, const HttpClientOptions& options)
    : executor_(executor), handles_(std::make_shared<CurlHandles>(HandleOptions(options))) {}

Task<absl::StatusOr<std::unique_ptr<WebSocket>>> CurlWebSocketConnector::Connect(CallContext context,
                                                                                 WebSocketRequest request) {
  const std::string url = HttpUrl(std::move(request.url));
  const absl::StatusOr<Origin> origin = Origin::Of(url);
  if (!origin.ok()) co_return origin.status();
  auto connection = std::make_unique<CurlConnection>(executor_, handles_);
  const absl::Status connected = co_await connection->Connect(context, url);
  if (!connected.ok()) co_return connected;
  auto session = std::make_shared<Session>(executor_, std::move(connection), origin->Authority());
  std::unique_ptr<WebSocket> web_socket = std::make_unique<CurlWebSocket>(session);
  const absl::Status upgraded =
      co_await Session::Upgrade(session, context, HostHeader(*origin), TargetOf(url), std::move(request.headers));
  if (!upgraded.ok()) co_return upgraded;
  co_return web_socket;
}

}  // namespace daytonad
