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

// Where the process itself can reach one of its listening sockets.
struct OwnAddress {
  std::string listener;
  sockaddr_storage address{};
  socklen_t length = 0;
};

// Does the socket answer within `limit`? It does if it is heard of at all: HTTP/2 settings, or the end of a connection
// that is one too many. So is a failure that is not the listener's: no descriptor to look with.
bool Answers(const OwnAddress& own, std::chrono::milliseconds limit);

// Connects to all listeners of the process, again and again, on a thread of its own: whatever makes one deaf, the
// process has to notice, since a client sees no difference from a daemon that is slow.
class ListenerProbe {
 public:
  struct Options {
    std::chrono::milliseconds interval = std::chrono::seconds(5);
    std::chrono::milliseconds limit = std::chrono::seconds(5);
    // Deaf for so long, with no success in between.
    std::chrono::milliseconds patience = std::chrono::seconds(30);
  };

  // `deaf` is called once, with the listener's name.
  ListenerProbe(Options options, std::vector<OwnAddress> addresses, std::function<void(const std::string&)> deaf);
  ListenerProbe(const ListenerProbe&) = delete;
  ListenerProbe& operator=(const ListenerProbe&) = delete;
  ~ListenerProbe();

  // The listeners are about to close. From any thread, any number of times.
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
