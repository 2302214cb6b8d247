#ifndef DAYTONAD_EMULATOR_HTTP_HTTP_SERVER_H_
#define DAYTONAD_EMULATOR_HTTP_HTTP_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "absl/status/status.h"
#include "emulator/http/http.h"
#include "emulator/http/incoming_body.h"

namespace daytonad::emulator {

class Connection;

// HTTP/1.1 with keep-alive on one listening socket. Everything runs on the io_context's single thread.
class HttpServer {
 public:
  using Handler = std::function<void(std::shared_ptr<Exchange>)>;

  // `planner` decides where each request's body goes.
  HttpServer(boost::asio::io_context& io, Handler handler, BodyPlanner planner = nullptr);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and starts to accept. `port` 0 picks a free one.
  absl::Status Listen(const std::string& host, std::uint16_t port);
  std::uint16_t port() const { return port_; }
  // Closes the listening socket and all connections; later connects are refused.
  void Close();

  // Counters that show tests that a cancellation arrived.
  std::size_t open_connections() const { return connections_.size(); }
  std::uint64_t clients_gone() const { return clients_gone_; }
  // Requests with a complete header and an incomplete body.
  std::size_t incoming_bodies() const;
  // Visits each request without a complete answer.
  void ForEachExchange(const std::function<void(const Exchange&)>& visit) const;

 private:
  friend class Connection;
  void Accept();

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  Handler handler_;
  BodyPlanner planner_;
  std::uint16_t port_ = 0;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::uint64_t clients_gone_ = 0;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_HTTP_SERVER_H_
