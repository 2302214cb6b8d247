#include "daemon/net/socket_poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "daemon/base/exhaustion.h"

namespace daytonad {

absl::StatusOr<std::unique_ptr<SocketPoller>> SocketPoller::Make(const Executor& executor, Listener& listener) {
  constexpr char kWhat[] = "watch its sockets";
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return ExhaustionError(errno, kWhat);
  Descriptor epoll(executor);
  boost::system::error_code error;
  epoll.assign(fd, error);
  if (error) {
    ::close(fd);
    return ExhaustionError(error.value(), kWhat);
  }
  return std::unique_ptr<SocketPoller>(new SocketPoller(std::move(epoll), listener));
}

SocketPoller::SocketPoller(Descriptor epoll, Listener& listener) : listener_(listener), epoll_(std::move(epoll)) {
  WaitForBatch();
}

SocketPoller::~SocketPoller() = default;

SocketPoller::Socket& SocketPoller::At(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index >= sockets_.size()) sockets_.resize(index + 64);
  return sockets_[index];
}

void SocketPoller::Announce(int fd) {
  At(fd) = Socket();
  At(fd).announced = true;
}

void SocketPoller::Remove(int fd) {
  Socket& socket = At(fd);
  Register(fd, socket, 0);
  socket = Socket();
}

void SocketPoller::SetInterest(int fd, unsigned wanted) {
  Socket& socket = At(fd);
  socket.wanted = static_cast<uint8_t>(wanted);
  const unsigned missing = wanted & ~socket.registered;
  const unsigned surplus = socket.registered & ~wanted;
  // An unneeded kReadable may stay registered. An unneeded kWritable would fire at once, because a socket is nearly
  // always writable.
  if (missing != 0 || (surplus & kWritable) != 0 || !socket.announced) Register(fd, socket, wanted);
}

void SocketPoller::Register(int fd, Socket& socket, unsigned events) {
  if (events == socket.registered) return;
  const int operation = events == 0 ? EPOLL_CTL_DEL : (socket.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
  epoll_event event{};
  if ((events & kReadable) != 0) event.events |= EPOLLIN;
  if ((events & kWritable) != 0) event.events |= EPOLLOUT;
  event.data.fd = fd;
  // After a failure the socket reports nothing, and its request runs into its deadline. There is no caller to report
  // to.
  (void)::epoll_ctl(epoll_.native_handle(), operation, fd, &event);
  socket.registered = static_cast<uint8_t>(events);
}

void SocketPoller::WaitForBatch() {
  epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                    [weak = std::weak_ptr<SocketPoller*>(self_)](const boost::system::error_code& error) {
                      const auto self = weak.lock();
                      if (error || self == nullptr) return;
                      (*self)->HandleBatch();
                      (*self)->WaitForBatch();
                    });
}

void SocketPoller::HandleBatch() {
  std::array<epoll_event, 128> events;
  // One batch per iteration of the loop, so that other work can run; the rest is reported again.
  const int count = ::epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    const int fd = event.data.fd;
    // The next read or write finds errors and hang-ups.
    constexpr uint32_t kBroken = EPOLLERR | EPOLLHUP;
    unsigned ready = 0;
    if ((event.events & (EPOLLIN | kBroken)) != 0) ready |= kReadable;
    if ((event.events & (EPOLLOUT | kBroken)) != 0) ready |= kWritable;
    Socket& socket = At(fd);
    ready &= socket.wanted;
    if (ready == 0) {
      Register(fd, socket, socket.wanted);  // no longer wanted: unregister it now
    } else {
      listener_.OnSocketReady(fd, ready);
    }
  }
  listener_.OnBatchDone();
}

}  // namespace daytonad
