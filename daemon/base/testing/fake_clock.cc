#include "daemon/base/testing/fake_clock.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <stop_token>

namespace daytonad {
namespace {

// Iterations of the loop before time jumps, so that coroutines that post work to each other become idle.
constexpr int kSettleRounds = 16;

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace

// Never expires on its own: cancelling it resumes the coroutine.
struct FakeClock::Sleeper {
  explicit Sleeper(const Executor& executor) : wake(executor, Timer::time_point::max()) {}
  Timer wake;
};

Task<absl::Status> FakeClock::Sleep(CallContext context, Duration duration) {
  sleeps_.push_back(duration);
  if (absl::Status status = context.Check(now_); !status.ok()) co_return status;
  const TimePoint end = now_ + std::max(duration, Duration::zero());
  co_await SleepUntil(std::min(end, context.deadline()), context.stop_token(), std::stop_token());
  if (context.cancelled()) co_return CancelledError();
  co_return end <= context.deadline() ? absl::OkStatus() : DeadlineExceededError();
}

Task<absl::Status> FakeClock::WaitFor(CallContext context, std::stop_token fired) {
  if (fired.stop_requested()) co_return absl::OkStatus();
  if (absl::Status status = context.Check(now_); !status.ok()) co_return status;
  co_await SleepUntil(context.deadline(), context.stop_token(), fired);
  if (fired.stop_requested()) co_return absl::OkStatus();
  co_return context.cancelled() ? CancelledError() : DeadlineExceededError();
}

Task<void> FakeClock::SleepUntil(TimePoint end, std::stop_token stop, std::stop_token fired) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Sleeper sleeper(executor);
  const SleeperKey key(end, next_sleeper_++);
  sleepers_.emplace(key, &sleeper);
  if (mode_ == Mode::kAutoAdvance) ScheduleJump(executor);
  {
    const auto wake = [&sleeper] { sleeper.wake.cancel(); };
    const std::stop_callback on_stop(stop, wake);
    const std::stop_callback on_fired(fired, wake);
    constexpr auto kToken = boost::asio::as_tuple(kUseTask);
    co_await sleeper.wake.async_wait(kToken);
  }
  sleepers_.erase(key);
}

void FakeClock::Advance(Duration duration) {
  now_ += duration;
  WakeUntil(now_);
}

void FakeClock::WakeUntil(TimePoint end) {
  for (const auto& [key, sleeper] : sleepers_) {
    if (key.first > end) break;
    sleeper->wake.cancel();
  }
}

void FakeClock::ScheduleJump(const Executor& executor) {
  if (!jump_.expired()) return;
  auto scheduled = std::make_shared<int>(0);
  jump_ = scheduled;
  Jump(executor, kSettleRounds, std::move(scheduled));
}

void FakeClock::Jump(const Executor& executor, int settle_rounds, std::shared_ptr<void> scheduled) {
  boost::asio::post(executor, [this, executor, settle_rounds, scheduled = std::move(scheduled)]() mutable {
    if (settle_rounds > 0) return Jump(executor, settle_rounds - 1, std::move(scheduled));
    if (sleepers_.empty() || sleepers_.begin()->first.first == TimePoint::max()) return;
    const TimePoint end = sleepers_.begin()->first.first;
    now_ = std::max(now_, end);
    WakeUntil(end);
    // Remaining sleepers wake after the ones just woken have run.
    Jump(executor, kSettleRounds, std::move(scheduled));
  });
}

}  // namespace daytonad
