#include "emulator/base/scheduler.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

namespace daytonad::emulator {

WallTime LoopScheduler::Now() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(since_epoch).count();
}

void LoopScheduler::After(milliseconds delay, std::function<void()> action) {
  if (delay <= milliseconds::zero()) {
    boost::asio::post(io_, std::move(action));
    return;
  }
  auto timer = std::make_unique<boost::asio::steady_timer>(io_, delay);
  auto& waiting = *timer;
  waiting.async_wait([timer = std::move(timer), action = std::move(action)](boost::system::error_code error) {
    if (!error) action();
  });
}

}  // namespace daytonad::emulator
