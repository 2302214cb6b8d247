#ifndef DAYTONAD_DAEMON_SERVER_LISTENER_PROBE_H_
#define DAYTONAD_DAEMON_SERVER_LISTENER_PROBE_H_

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace daytonad {

// How the process itself can reach one of its listening sockets.
struct OwnAddress {
  std::string listener;
  sockaddr_storage address{};
  socklen_t length = 0;
};

// Whether the socket answers within `limit`. Any reaction counts: HTTP/2 settings, or the close of a connection above
// the limit. So does a failure of the probe itself, such as a lack of descriptors.
bool Answers(const OwnAddress& own, std::chrono::milliseconds limit);

// Connects to all listeners of the process periodically, on a thread of its own, to notice a listener that no longer
// accepts connections. Clients cannot tell it from a slow daemon.
class ListenerProbe {
 public:
  struct Options {
    std::chrono::milliseconds interval = std::chrono::seconds(5);
    std::chrono::milliseconds limit = std::chrono::seconds(5);
    // How long a listener may fail all probes.
    std::chrono::milliseconds patience = std::chrono::seconds(30);
  };

  // `deaf` is called once, with the name of the failed listener.
  ListenerProbe(Options options, std::vector<OwnAddress> addresses, std::function<void(const std::string&)> deaf);
  ListenerProbe(const ListenerProbe&) = delete;
  ListenerProbe& operator=(const ListenerProbe&) = delete;
  ~ListenerProbe();

  // Call this before the listeners close. Thread-safe and idempotent.
  void Stop();

 private:
  void Run();

  const Options options_;
  const std::vector<OwnAddress> addresses_;
  const std::function<void(const std::string&)> deaf_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LISTENER_PROBE_H_
