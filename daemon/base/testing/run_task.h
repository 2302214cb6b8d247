#ifndef DAYTONAD_DAEMON_BASE_TESTING_RUN_TASK_H_
#define DAYTONAD_DAEMON_BASE_TESTING_RUN_TASK_H_

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include "daemon/base/task.h"

namespace daytonad {

// Starts a coroutine on a loop that runs on another thread; the future gets its value. (Asio's own use_future causes
// warnings of g++ 12 in sanitizer builds.)
template <typename T>
std::future<T> StartTask(boost::asio::io_context& io, Task<T> task) {
  // A coroutine lambda that captures nothing; the task is its parameter.
  auto root = [](Task<T> body) -> Task<T> {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    co_return co_await std::move(body);
  };
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(io, root(std::move(task)), [promise](std::exception_ptr exception) {
      exception ? promise->set_exception(exception) : promise->set_value();
    });
  } else {
    boost::asio::co_spawn(io, root(std::move(task)), [promise](std::exception_ptr exception, T value) {
      exception ? promise->set_exception(exception) : promise->set_value(std::move(value));
    });
  }
  return future;
}

// Runs a coroutine to its end on the calling thread, in a unit test, and returns what it returned:
//
//   EXPECT_TRUE(RunTask(clock.Sleep(CallContext::Background("test"), 5s)).ok());
//
// With the test's own io_context, other coroutines on it make progress meanwhile and stay suspended afterwards. A
// coroutine that does not end within 30 s terminates the test program with a message, instead of hanging it.
template <typename T>
T RunTask(boost::asio::io_context& io, Task<T> task) {
  std::future<T> future = StartTask(io, std::move(task));
  const auto ready = [&future] { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
  io.restart();
  while (!ready() && io.run_one_for(std::chrono::seconds(30)) > 0) {
  }
  if (!ready()) {
    std::fputs("RunTask: the coroutine waits for something that will never happen\n", stderr);
    std::abort();
  }
  return future.get();
}

template <typename T>
T RunTask(Task<T> task) {
  boost::asio::io_context io(1);
  return RunTask(io, std::move(task));
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_TESTING_RUN_TASK_H_
