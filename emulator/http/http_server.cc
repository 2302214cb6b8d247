#include "emulator/http/http_server.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace daytonad::emulator {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadSize = 4096;
constexpr std::size_t kReadSizeOfBodies = 128 * 1024;
// Bytes that a client may send ahead of an answer.
constexpr std::size_t kMaxReadAhead = 256 * 1024;
// The largest object that object storage takes at once, plus its framing. Bodies that are not spooled have a lower
// limit.
constexpr std::uint64_t kMaxBody = 6ULL * 1024 * 1024 * 1024;

}  // namespace

// A read is always pending, even while an answer is being prepared, to notice at once that a client goes away.
class Connection : public Transport, public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, HttpServer& server) : socket_(std::move(socket)), server_(&server) {}

  void Start() {
    error_code error;
    const auto peer = socket_.remote_endpoint(error);
    from_loopback_ = !error && peer.address().is_loopback();
    NewParser();
    Read();
  }

  const Exchange* exchange() const { return exchange_.get(); }
  bool receiving_body() const {
    return exchange_ == nullptr && parser_.has_value() && parser_->is_header_done() && !parser_->is_done();
  }

  // The server goes away.
  void Abandon() {
    server_ = nullptr;
    ClientGone();
  }

  void Write(std::string head, std::shared_ptr<const std::string> body) override {
    if (!socket_.is_open()) return;
    unsent_ += head.size() + (body == nullptr ? 0 : body->size());
    queue_.push_back({std::move(head), std::move(body)});
    if (!writing_) Flush();
  }

  void Receive(std::function<void(std::string_view)> receiver) override { receiver_ = std::move(receiver); }

  std::size_t unsent() const override { return unsent_; }

  void Abort() override {
    error_code ignored;
    exchange_ = nullptr;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
    Close();
  }

  void Finish(bool keep_connection) override {
    exchange_ = nullptr;
    receiver_ = nullptr;
    if (!keep_connection) {
      closing_ = true;
      if (!writing_) Close();
      return;
    }
    // A pipelined request may be waiting. Posted, because this may run inside the previous request's handler.
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->exchange_ != nullptr || !self->socket_.is_open()) return;
      self->NewParser();
      self->Parse();
    });
  }

 private:
  struct Piece {
    std::string head;
    std::shared_ptr<const std::string> body;
  };

  void NewParser() {
    parser_.emplace();
    parser_->body_limit(kMaxBody);
    parser_->eager(true);
    if (server_ != nullptr) parser_->get().body().planner = &server_->planner_;
    continued_ = false;
  }

  void Read() {
    reading_ = true;
    // Not directly into buffer_: a parse may consume it while this read is pending.
    const std::size_t size = receiving_body() ? kReadSizeOfBodies : kReadSize;
    if (chunk_.size() != size) std::vector<char>(size).swap(chunk_);
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code error, std::size_t got) {
      self->reading_ = false;
      if (error) return self->ClientGone();
      self->buffer_.commit(asio::buffer_copy(self->buffer_.prepare(got), asio::buffer(self->chunk_, got)));
      if (self->exchange_ == nullptr) self->Parse();
      if (self->receiver_ && self->buffer_.size() > 0) self->PassOn();
      self->ReadOn();
    });
  }

  void PassOn() {
    const auto bytes = buffer_.data();
    // Copies the receiver, because it may end the connection.
    const auto receiver = receiver_;
    receiver({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.consume(bytes.size());
  }

  void ReadOn() {
    if (!reading_ && socket_.is_open() && buffer_.size() < kMaxReadAhead) Read();
  }

  void Parse() {
    // Between an answer and the next request no parser expects input.
    if (closing_ || !parser_.has_value() || parser_->is_done()) return;
    error_code error;
    while (buffer_.size() > 0 && !parser_->is_done()) {
      buffer_.consume(parser_->put(buffer_.data(), error));
      if (error == http::error::need_more) break;
      if (error) return parser_->get().body().cut ? Dispatch() : Refuse();
    }
    if (parser_->is_done()) {
      Dispatch();
    } else {
      ContinueIfAsked();
    }
    ReadOn();
  }

  void ContinueIfAsked() {
    if (continued_ || !parser_->is_header_done()) return;
    const auto expect = parser_->get()[http::field::expect];
    if (!absl::EqualsIgnoreCase(absl::string_view(expect.data(), expect.size()), "100-continue")) return;
    continued_ = true;
    Write("HTTP/1.1 100 Continue\r\n\r\n", nullptr);
  }

  void Refuse() {
    Write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", nullptr);
    Finish(/*keep_connection=*/false);
  }

  void Dispatch() {
    auto message = parser_->is_done() ? parser_->release() : std::move(parser_->get());
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.keep_alive = message.keep_alive();
    request.from_loopback = from_loopback_;
    for (const auto& field : message) {
      request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    IncomingBody::value_type body = std::move(message.body());
    request.body = std::move(body.text);
    if (body.spool != nullptr) request.spooled = {body.spool->size(), body.spool->Sha256Hex()};
    request.cut = body.cut;
    // Releases the memory that a large body needed.
    if (body.spool != nullptr && buffer_.size() == 0) buffer_.shrink_to_fit();
    exchange_ = std::make_shared<Exchange>(std::move(request), shared_from_this(), std::move(body.spool));
    if (server_ != nullptr) server_->handler_(exchange_);
  }

  void Flush() {
    writing_ = true;
    in_flight_.clear();
    std::swap(in_flight_, queue_);
    std::vector<asio::const_buffer> buffers;
    for (const Piece& piece : in_flight_) {
      if (!piece.head.empty()) buffers.push_back(asio::buffer(piece.head));
      if (piece.body != nullptr) buffers.push_back(asio::buffer(*piece.body));
    }
    asio::async_write(socket_, buffers, [self = shared_from_this()](error_code error, std::size_t sent) {
      self->writing_ = false;
      self->unsent_ -= sent;
      if (error) return self->ClientGone();
      if (!self->queue_.empty()) {
        self->Flush();
      } else if (self->closing_) {
        self->Close();
      }
    });
  }

  void ClientGone() {
    if (exchange_ != nullptr) {
      if (server_ != nullptr && !exchange_->upgraded()) ++server_->clients_gone_;
      const auto exchange = std::exchange(exchange_, nullptr);
      exchange->ClientGone();
    }
    Close();
  }

  void Close() {
    const auto self = shared_from_this();
    receiver_ = nullptr;
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    if (server_ != nullptr) server_->connections_.erase(self);
  }

  asio::ip::tcp::socket socket_;
  HttpServer* server_;
  std::vector<char> chunk_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<IncomingBody>> parser_;
  std::shared_ptr<Exchange> exchange_;
  std::deque<Piece> queue_;
  std::deque<Piece> in_flight_;
  std::size_t unsent_ = 0;
  std::function<void(std::string_view)> receiver_;  // receives what the client sends after an upgrade
  bool from_loopback_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool continued_ = false;
};

HttpServer::HttpServer(asio::io_context& io, Handler handler, BodyPlanner planner)
    : io_(io), acceptor_(io), handler_(std::move(handler)), planner_(std::move(planner)) {}

HttpServer::~HttpServer() { Close(); }

void HttpServer::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  const auto connections = std::exchange(connections_, {});
  for (const auto& connection : connections) connection->Abandon();
}

absl::Status HttpServer::Listen(const std::string& host, std::uint16_t port) {
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("\"", host, "\" is not an IP address to listen on"));
  }
  const asio::ip::tcp::endpoint endpoint(address, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot listen on ", host, ":", port, ": ", error.message()));
  port_ = acceptor_.local_endpoint().port();
  Accept();
  return absl::OkStatus();
}

void HttpServer::Accept() {
  acceptor_.async_accept([this](error_code error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      // Most likely out of descriptors: accepting again at once would spin.
      auto pause = std::make_shared<asio::steady_timer>(io_, std::chrono::milliseconds(50));
      pause->async_wait([this, pause](error_code stopped) {
        if (!stopped) Accept();
      });
      return;
    }
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    auto connection = std::make_shared<Connection>(std::move(socket), *this);
    connections_.insert(connection);
    connection->Start();
    Accept();
  });
}

std::size_t HttpServer::incoming_bodies() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const auto& connection) { return connection->receiving_body(); }));
}

void HttpServer::ForEachExchange(const std::function<void(const Exchange&)>& visit) const {
  for (const auto& connection : connections_) {
    if (connection->exchange() != nullptr) visit(*connection->exchange());
  }
}

}  // namespace daytonad::emulator
