#ifndef DAYTONAD_DAEMON_SERVER_STARVATION_WATCH_H_
#define DAYTONAD_DAEMON_SERVER_STARVATION_WATCH_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/server/connection_table.h"
#include "daemon/server/listener_probe.h"

namespace daytonad {

// A thread of gRPC 1.51 that has begun to read from a connection goes on as long as there is something to read, and
// there are half as many as cores, at least two. So a few clients that send without a pause hold up all others, and
// what they send is parsed but not worked off. When that happens, their connections are shut down: those from which
// much waits to be read, before and after a ping that nobody answers.
class StarvationWatch {
 public:
  struct Options {
    std::chrono::milliseconds interval = std::chrono::milliseconds(100);
    // How long a ping may take.
    std::chrono::milliseconds patience = std::chrono::milliseconds(400);
    // What may wait to be read of one connection.
    size_t much = size_t{32} << 10;
  };

  // One listener: its connections, and where to ping it.
  struct Watched {
    ConnectionTable* connections;
    OwnAddress address;
  };

  StarvationWatch(Options options, std::vector<Watched> listeners);
  StarvationWatch(const StarvationWatch&) = delete;
  StarvationWatch& operator=(const StarvationWatch&) = delete;
  ~StarvationWatch();

 private:
  void Run();
  // Without the lock: it takes as long as a ping.
  void Look() const;

  const Options options_;
  const std::vector<Watched> listeners_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_STARVATION_WATCH_H_
