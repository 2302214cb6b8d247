#ifndef DAYTONAD_DAEMON_NET_EVENT_LOOP_H_
#define DAYTONAD_DAEMON_NET_EVENT_LOOP_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "daemon/base/task.h"

namespace daytonad {

// The thread that owns the daemon's state. It runs from construction until Stop().
//
// Lifetimes: create the loop before the objects that use it, and destroy it after them. Suspended coroutines are
// destroyed with the loop, and their frames refer to those objects. So cancel them first (stop requests, HttpClient's
// Shutdown), then call Stop(), which lets them finish.
class EventLoop {
 public:
  // `thread_name` is shown by `ps -L` and debuggers; at most 15 characters.
  explicit EventLoop(const std::string& thread_name = "daytonad-loop");
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  Executor executor() { return context_.get_executor(); }
  boost::asio::io_context& context() { return context_; }

  // Runs `fn` on the loop later. Callable from any thread. Does nothing after Stop().
  template <typename Fn>
  void Post(Fn&& fn) {
    boost::asio::post(context_, std::forward<Fn>(fn));
  }

  // Starts a coroutine that nobody awaits, on the loop (base/spawn.h). Callable from any thread.
  void Spawn(Task<void> task);

  // The CPU time that the loop's thread has used. Callable from any thread, until Stop().
  std::chrono::nanoseconds cpu_time();

  // Stops the loop and its thread: as soon as it has no work, or after `grace`, when the remaining work is abandoned
  // (and logged). Do not call it on the loop itself. A second call does nothing.
  void Stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  // One thread runs it and others post to it: concurrency hint 1 saves wake-ups and keeps thread safety.
  boost::asio::io_context context_{1};
  std::optional<boost::asio::executor_work_guard<Executor>> work_{context_.get_executor()};
  std::promise<void> finished_;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_EVENT_LOOP_H_
