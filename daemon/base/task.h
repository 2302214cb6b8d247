#ifndef DAYTONAD_DAEMON_BASE_TASK_H_
#define DAYTONAD_DAEMON_BASE_TASK_H_

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

// The daemon's coroutines.
//
// Everything from operations/ down runs on one thread, the event loop, as coroutines of this type. What they own needs
// no locks. They report failure as absl::Status and never throw to each other; they are cancelled through the
// CallContext that they are given, never through Asio's own cancellation (which throws).
//
// Two rules that g++ 12 imposes, and `make lint` looks for: inside a co_await expression there is no temporary of an
// aggregate type and no temporary of a capturing lambda. Make a named object and move it in.
namespace daytonad {

// The loop's executor, named concretely: a type-erased one costs an allocation and a virtual call at each hop.
using Executor = boost::asio::io_context::executor_type;

template <typename T>
using Task = boost::asio::awaitable<T, Executor>;

// Completion token for Asio's own asynchronous operations inside a Task.
inline constexpr boost::asio::use_awaitable_t<Executor> kUseTask;

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_TASK_H_
