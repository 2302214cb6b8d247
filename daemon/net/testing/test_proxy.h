#ifndef DAYTONAD_DAEMON_NET_TESTING_TEST_PROXY_H_
#define DAYTONAD_DAEMON_NET_TESTING_TEST_PROXY_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/net/event_loop.h"

namespace daytonad {

// An HTTP proxy that knows CONNECT only. Whatever name is asked for, it connects to that port of 127.0.0.1.
class TestProxy {
 public:
  TestProxy();
  ~TestProxy();

  std::string Url() const;  // "http://127.0.0.1:PORT"
  // The first lines of the requests: "CONNECT api.test:443 HTTP/1.1".
  std::vector<std::string> requests() const;

 private:
  class Impl;

  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  EventLoop loop_{"test-proxy"};
  std::unique_ptr<Impl> impl_;  // on the loop
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_TESTING_TEST_PROXY_H_
