#ifndef DAYTONAD_DAEMON_BASE_TASK_H_
#define DAYTONAD_DAEMON_BASE_TASK_H_

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

// The daemon's coroutines.
//
// Everything from operations/ down runs on one thread, the event loop, as coroutines of this type, so their data needs
// no locks. They report failures as absl::Status and never throw to each other. They are cancelled through their
// CallContext, never through Asio's own cancellation (which throws).
//
// g++ 12 imposes two rules, which `make lint` checks: a co_await expression must not contain a temporary of an
// aggregate type, nor one of a capturing lambda. Make a named object and move it in.
namespace daytonad {

// The loop's concrete executor type: a type-erased one costs an allocation and a virtual call per hop.
using Executor = boost::asio::io_context::executor_type;

template <typename T>
using Task = boost::asio::awaitable<T, Executor>;

// Completion token for Asio's own asynchronous operations inside a Task.
inline constexpr boost::asio::use_awaitable_t<Executor> kUseTask;

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_TASK_H_
