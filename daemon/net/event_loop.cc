#include "daemon/net/event_loop.h"

#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstdlib>
#include <exception>

#include "daemon/base/log.h"

namespace daytonad {
namespace {

// Without the first line Asio may throw from a clean-up co_await.
Task<void> Root(Task<void> body) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await std::move(body);
}

void AbortOnException(const std::exception_ptr& exception) {
  if (!exception) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    Log(LogLevel::kError, "an exception escaped a coroutine; this is a defect, the process ends", {{"what", e.what()}});
  } catch (...) {
    Log(LogLevel::kError, "an unknown exception escaped a coroutine; this is a defect, the process ends");
  }
  std::abort();
}

}  // namespace

EventLoop::EventLoop(const std::string& thread_name) {
  thread_ = std::thread([this] {
    context_.run();
    finished_.set_value();
  });
  ::pthread_setname_np(thread_.native_handle(), thread_name.substr(0, 15).c_str());
}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Spawn(Task<void> task) { boost::asio::co_spawn(context_, Root(std::move(task)), AbortOnException); }

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
