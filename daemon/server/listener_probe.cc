#include "daemon/server/listener_probe.h"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "daemon/base/file_descriptor.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The client's preface with empty settings. A server sends its settings unasked.
constexpr std::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);

// Whether that happens before `end`.
bool Becomes(int fd, short events, steady_clock::time_point end) {
  const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, static_cast<int>(std::max(left, milliseconds(0)).count())) > 0;
}

}  // namespace

bool Answers(const OwnAddress& own, milliseconds limit) {
  const auto end = steady_clock::now() + limit;
  const FileDescriptor fd(::socket(own.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return true;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&own.address), own.length) != 0) {
    // EAGAIN: the queue of a UNIX socket is full.
    if (errno != EINPROGRESS || !Becomes(fd.get(), POLLOUT, end)) return false;
    int error = 0;
    socklen_t length = sizeof(error);
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return false;
  }
  ::send(fd.get(), kPreface.data(), kPreface.size(), MSG_NOSIGNAL);
  if (!Becomes(fd.get(), POLLIN, end)) return false;
  char byte = 0;
  // End of file and a reset both mean that the connection was closed, so somebody accepted it.
  return ::recv(fd.get(), &byte, 1, 0) >= 0 || errno == ECONNRESET;
}

ListenerProbe::ListenerProbe(Options options, std::vector<OwnAddress> addresses,
                             std::function<void(const std::string&)> deaf)
    : options_(options), addresses_(std::move(addresses)), deaf_(std::move(deaf)), thread_([this] { Run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "daytonad-probe");
}

ListenerProbe::~ListenerProbe() {
  Stop();
  thread_.join();
}

void ListenerProbe::Stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wakeup_.notify_all();
}

void ListenerProbe::Run() {
  std::vector<steady_clock::time_point> heard(addresses_.size(), steady_clock::now());
  std::unique_lock lock(mutex_);
  while (!wakeup_.wait_for(lock, options_.interval, [this] { return ending_; })) {
    for (size_t i = 0; i < addresses_.size(); ++i) {
      lock.unlock();
      const auto began = steady_clock::now();
      const bool answers = Answers(addresses_[i], options_.limit);
      const auto now = steady_clock::now();
      lock.lock();
      if (ending_) return;
      // The process itself was stopped: that says nothing about the listener.
      const bool was_asleep = now - began > 2 * options_.limit;
      if (answers || was_asleep) heard[i] = now;
      if (now - heard[i] < options_.patience) continue;
      deaf_(addresses_[i].listener);
      return;
    }
  }
}

}  // namespace daytonad
