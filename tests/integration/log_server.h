#ifndef DAYTONAD_TESTS_INTEGRATION_LOG_SERVER_H_
#define DAYTONAD_TESTS_INTEGRATION_LOG_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "emulator/http/http_server.h"

namespace daytonad::testing {

// A server of its own for build logs, on loopback, where the test itself writes the log. Every path has the same log;
// one that follows it stays open for ever. For an emulator's `build_log_url_base`.
class LogServer {
 public:
  LogServer();
  ~LogServer();
  LogServer(const LogServer&) = delete;
  LogServer& operator=(const LogServer&) = delete;

  // "http://127.0.0.1:40001"
  std::string origin() const { return origin_; }

  // Appends to the log, and sends this to those who follow it, as one piece.
  void Write(std::string_view bytes);
  // Breaks the connections of those who follow it.
  void DropFollowers();

  // How many follow it now.
  std::size_t followers();
  // The Authorization header of each request so far; empty if it had none.
  std::vector<std::string> authorizations();

 private:
  void Serve(const std::shared_ptr<emulator::Exchange>& exchange);
  // Runs `action` on the server's thread and returns what it does.
  template <typename Action>
  auto OnThread(Action action);

  boost::asio::io_context io_;
  emulator::HttpServer server_;
  std::string origin_;
  std::string log_;
  std::vector<std::shared_ptr<emulator::Exchange>> followers_;
  std::vector<std::string> authorizations_;
  std::thread thread_;
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_LOG_SERVER_H_
