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

// The one thread that owns the daemon's state. It runs from construction until Stop().
//
// Lifetimes: make the loop before what lives on it, and destroy it after. Coroutines that are still suspended when the
// loop is destroyed are destroyed with it, and their frames refer to those other objects; so end them first (request
// their stop, HttpClient's Shutdown), then call Stop(), which lets them run to their end.
class EventLoop {
 public:
  // `thread_name` is what `ps -L` and a debugger show; at most 15 characters.
  explicit EventLoop(const std::string& thread_name = "daytonad-loop");
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  Executor executor() { return context_.get_executor(); }
  boost::asio::io_context& context() { return context_; }

  // Runs `fn` on the loop, later. From any thread. After Stop() it does nothing.
  template <typename Fn>
  void Post(Fn&& fn) {
    boost::asio::post(context_, std::forward<Fn>(fn));
  }

  // Starts a coroutine that nobody waits for, on the loop (base/spawn.h). From any thread.
  void Spawn(Task<void> task);

  // The CPU time that the loop's thread has used. From any thread, until Stop().
  std::chrono::nanoseconds cpu_time();

  // Ends the loop and its thread: as soon as nothing is left to do on it, or after `grace`, when what is left is
  // abandoned (and logged). Not to be called on the loop itself. A second call does nothing.
  void Stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  // One thread runs it, but others post to it: hint 1 spares wake-ups, not thread safety.
  boost::asio::io_context context_{1};
  std::optional<boost::asio::executor_work_guard<Executor>> work_{context_.get_executor()};
  std::promise<void> finished_;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_EVENT_LOOP_H_
