#include "daemon/net/event_loop.h"

#include <pthread.h>

#include <ctime>

#include "daemon/base/log.h"
#include "daemon/base/spawn.h"
#include "daemon/base/wakeup.h"

namespace daytonad {

EventLoop::EventLoop(const std::string& thread_name) {
  // Asio creates its epoll set with the first timer or socket, and throws if no descriptor is available. Do it at
  // start, not in the middle of a call.
  const LoopTimer first(executor());
  thread_ = std::thread([this] {
    context_.run();
    finished_.set_value();
  });
  ::pthread_setname_np(thread_.native_handle(), thread_name.substr(0, 15).c_str());
}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Spawn(Task<void> task) { daytonad::Spawn(executor(), std::move(task)); }

std::chrono::nanoseconds EventLoop::cpu_time() {
  clockid_t clock{};
  timespec used{};
  if (::pthread_getcpuclockid(thread_.native_handle(), &clock) == 0) ::clock_gettime(clock, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void EventLoop::Stop(std::chrono::milliseconds grace) {
  if (!thread_.joinable()) return;
  work_.reset();
  if (finished_.get_future().wait_for(grace) == std::future_status::timeout) {
    Log(LogLevel::kWarning, "the event loop is stopped with work left");
    context_.stop();
  }
  thread_.join();
}

}  // namespace daytonad
