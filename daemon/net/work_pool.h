#ifndef DAYTONAD_DAEMON_NET_WORK_POOL_H_
#define DAYTONAD_DAEMON_NET_WORK_POOL_H_

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "daemon/base/task.h"

namespace daytonad {

// A few threads for what would hold the loop up: hashing, file I/O, rendering an image that reads files.
//
//   auto plan = [image = std::move(image), &files] { return PlanImage(image, files); };
//   absl::StatusOr<BuildPlan> result = co_await RunOnPool(pool, std::move(plan));
//
// Work is not interrupted, and has the thread to itself until it returns. So it is short: long work is cut into pieces
// that come back to the loop in between, which also lets everybody have a turn and notices a cancelled call. It never
// waits for a peer.
//
// Make the pool after the loop (in tests: after the io_context) and destroy it before: destroying it waits for the work
// that was begun, and for its last touch of the loop.
class WorkPool {
 public:
  explicit WorkPool(size_t threads = 2) : threads_(threads) {}
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;
  ~WorkPool() { threads_.join(); }

  template <typename Fn>
  void Post(Fn&& fn) {
    boost::asio::post(threads_, std::forward<Fn>(fn));
  }

 private:
  boost::asio::thread_pool threads_;
};

// Calls `fn` on a thread of the pool and comes back to the loop with what it returned (not void). It may not throw.
// What it refers to lives until then: a coroutine's own locals do, since nothing else ends this wait.
template <typename Fn>
Task<std::invoke_result_t<Fn&>> RunOnPool(WorkPool& pool, Fn fn) {
  using Result = std::invoke_result_t<Fn&>;
  const Executor loop = co_await boost::asio::this_coro::executor;
  auto start = [&pool, &fn, loop](auto handler) {
    pool.Post([&fn, loop, handler = std::move(handler)]() mutable {
      auto done = [handler = std::move(handler), result = fn()]() mutable { std::move(handler)(std::move(result)); };
      boost::asio::post(loop, std::move(done));
    });
  };
  auto token = kUseTask;
  co_return co_await boost::asio::async_initiate<decltype(token), void(Result)>(std::move(start), token);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_WORK_POOL_H_
