#ifndef DAYTONAD_TESTS_INTEGRATION_TLS_FRONT_H_
#define DAYTONAD_TESTS_INTEGRATION_TLS_FRONT_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "daemon/net/testing/test_certificates.h"

namespace daytonad::testing {

// Stands for the proxy before a server in production: TLS, HTTP/2 and HTTP/1.1, by Debian's nghttpx. A separate
// process, which ends with this object or with the test.
class TlsFront {
 public:
  struct Options {
    std::uint16_t backend_port = 0;  // HTTP/1.1 in the clear
    bool http2 = true;
    int max_streams = 100;  // at a time on one HTTP/2 connection
    TestAuthority::Server server;
  };

  // Returns when it listens.
  explicit TlsFront(Options options);
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;
  ~TlsFront();

  bool running() const { return pid_ > 0; }
  std::uint16_t port() const { return port_; }

  // Stops accepting, sends GOAWAY on open connections, and ends when their requests have been answered.
  void BeginGoingAway();
  // Ends it at once, with all its connections.
  void Kill();
  // Starts another one, at another port. The drained one need not have ended.
  void StartAgain(const TestAuthority::Server& server);

 private:
  void Start();
  bool TryToStart();

  Options options_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  pid_t going_ = -1;
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_TLS_FRONT_H_
