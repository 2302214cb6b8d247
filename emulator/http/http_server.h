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

// HTTP/1.1 with keep-alive on one listening socket. Everything happens on the io_context's one thread.
class HttpServer {
 public:
  using Handler = std::function<void(std::shared_ptr<Exchange>)>;

  // `planner` says where each request's body goes.
  HttpServer(boost::asio::io_context& io, Handler handler, BodyPlanner planner = nullptr);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and begins to accept. `port` 0 picks one.
  absl::Status Listen(const std::string& host, std::uint16_t port);
  std::uint16_t port() const { return port_; }
  // Closes the listening socket and all connections: who dials now is refused.
  void Close();

  // What tests look at to see that cancellation arrived.
  std::size_t open_connections() const { return connections_.size(); }
  std::uint64_t clients_gone() const { return clients_gone_; }
  // Requests whose header is there, and whose body is still coming.
  std::size_t incoming_bodies() const;
  // Each request that has no complete answer yet.
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
