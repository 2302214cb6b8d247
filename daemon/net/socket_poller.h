#ifndef DAYTONAD_DAEMON_NET_SOCKET_POLLER_H_
#define DAYTONAD_DAEMON_NET_SOCKET_POLLER_H_

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/task.h"

namespace daytonad {

// Polls a library's sockets for readiness on an Asio loop.
//
// If each socket were registered with Asio, every event would cost an epoll_ctl, an allocation and a pass through the
// scheduler. So the sockets are in an epoll set of their own. Asio waits for that one descriptor, and ready sockets are
// handled in batches.
//
// The set is level-triggered and lazy: a socket that nobody reads any more stays registered until it becomes readable.
// So a keep-alive connection costs no system call between two requests.
class SocketPoller {
 public:
  static constexpr unsigned kReadable = 1;
  static constexpr unsigned kWritable = 2;

  // Called on the loop. OnSocketReady may call any method of the poller, but must not destroy it.
  class Listener {
   public:
    virtual void OnSocketReady(int fd, unsigned ready) = 0;
    virtual void OnBatchDone() = 0;

   protected:
    ~Listener() = default;
  };

  // UNAVAILABLE (DAEMON_EXHAUSTED) if no descriptor is available.
  static absl::StatusOr<std::unique_ptr<SocketPoller>> Make(const Executor& executor, Listener& listener);
  SocketPoller(const SocketPoller&) = delete;
  SocketPoller& operator=(const SocketPoller&) = delete;
  ~SocketPoller();

  // Announces a descriptor that will be removed by Remove() before it is closed, so laziness is safe. For other
  // descriptors the registration is kept exact, and an interest of 0 removes them.
  void Announce(int fd);
  void Remove(int fd);

  // kReadable, kWritable, both or neither (0).
  void SetInterest(int fd, unsigned wanted);

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

  SocketPoller(Descriptor epoll, Listener& listener);

  struct Socket {
    uint8_t wanted = 0;
    uint8_t registered = 0;
    bool announced = false;
  };

  Socket& At(int fd);
  void Register(int fd, Socket& socket, unsigned events);
  void WaitForBatch();
  void HandleBatch();

  Listener& listener_;
  Descriptor epoll_;
  std::vector<Socket> sockets_;  // by descriptor
  // Expires with this object, so that a wait that completed just before its end does not use it.
  std::shared_ptr<SocketPoller*> self_ = std::make_shared<SocketPoller*>(this);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_SOCKET_POLLER_H_
