#ifndef DAYTONAD_DAEMON_NET_SOCKET_POLLER_H_
#define DAYTONAD_DAEMON_NET_SOCKET_POLLER_H_

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/task.h"

namespace daytonad {

// Readiness of sockets that a library owns, for a loop that is Asio's.
//
// Given to Asio one by one, each socket costs an epoll_ctl, an allocation and a trip through the scheduler for every
// event. So the sockets stand in an epoll set of their own, that set is the one descriptor that Asio waits for, and
// what is ready is fetched and handled in batches.
//
// The set is level-triggered and lazy: when nobody wants to read a socket any more, it stays registered until it does
// become readable. A keep-alive connection, wanted again with the next request, then costs no system call in between.
class SocketPoller {
 public:
  static constexpr unsigned kReadable = 1;
  static constexpr unsigned kWritable = 2;

  // Called on the loop. OnSocketReady may call everything of the poller, but not destroy it.
  class Listener {
   public:
    virtual void OnSocketReady(int fd, unsigned ready) = 0;
    virtual void OnBatchDone() = 0;

   protected:
    ~Listener() = default;
  };

  // UNAVAILABLE (DAEMON_EXHAUSTED) if the system has no descriptor for it.
  static absl::StatusOr<std::unique_ptr<SocketPoller>> Make(const Executor& executor, Listener& listener);
  SocketPoller(const SocketPoller&) = delete;
  SocketPoller& operator=(const SocketPoller&) = delete;
  ~SocketPoller();

  // The descriptor will be removed by Remove() before it is closed, so laziness is safe. For descriptors that were not
  // announced interest is kept exact, and an interest of 0 forgets them.
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
  // Expires with this object: a wait that completed just before must not find it.
  std::shared_ptr<SocketPoller*> self_ = std::make_shared<SocketPoller*>(this);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_SOCKET_POLLER_H_
