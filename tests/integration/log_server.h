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

// A separate server for build logs, on loopback; the test writes the log. Every path has the same log; requests that
// follow it stay open. For an emulator's `build_log_url_base`.
class LogServer {
 public:
  LogServer();
  ~LogServer();
  LogServer(const LogServer&) = delete;
  LogServer& operator=(const LogServer&) = delete;

  // "http://127.0.0.1:40001"
  std::string origin() const { return origin_; }

  // Appends to the log, and sends this to its followers in one piece.
  void Write(std::string_view bytes);
  // Breaks the connections of its followers.
  void DropFollowers();

  // The number of followers.
  std::size_t followers();
  // The Authorization header of each request so far; empty if absent.
  std::vector<std::string> authorizations();

 private:
  void Serve(const std::shared_ptr<emulator::Exchange>& exchange);
  // Runs `action` on the server's thread and returns its result.
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
