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

// A few threads for work that would block the loop: hashing, file I/O, planning an image that reads files.
//
//   auto plan = [image = std::move(image), &files] { return PlanImage(image, files); };
//   absl::StatusOr<BuildPlan> result = co_await RunOnPool(pool, std::move(plan));
//
// Work is not interrupted and occupies its thread until it returns. So it must be short: split long work into pieces
// that return to the loop in between, which also gives others a chance to run and notices cancellation. It must never
// wait for a peer.
//
// Create the pool after the loop (in tests: after the io_context) and destroy it before: its destructor waits for
// running work and its last use of the loop.
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

// Calls `fn` on a thread of the pool and returns its result (not void) on the loop. It must not throw. Whatever it
// refers to must live until then; a coroutine's own locals do, because nothing else ends this wait.
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
