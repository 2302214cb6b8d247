#include "daemon/base/testing/fake_clock.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <stop_token>

namespace daytonad {
namespace {

// How often the loop goes round before time jumps, so that coroutines that hand work to each other by posting come to
// rest.
constexpr int kSettleRounds = 16;

constexpr Clock::Duration kEndless = std::chrono::hours(24 * 365);

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace

// Never expires by itself: cancelling it is what resumes the coroutine.
struct FakeClock::Sleeper {
  explicit Sleeper(const Executor& executor) : wake(executor, Timer::time_point::max()) {}
  Timer wake;
};

Task<absl::Status> FakeClock::Sleep(CallContext context, Duration duration) {
  const bool endless = duration >= kEndless;
  if (!endless) sleeps_.push_back(duration);
  if (absl::Status status = context.Check(now_); !status.ok()) co_return status;
  duration = std::max(duration, Duration::zero());
  const TimePoint wanted_end = endless ? TimePoint::max() : now_ + duration;
  const TimePoint end = std::min(wanted_end, context.deadline());

  const Executor executor = co_await boost::asio::this_coro::executor;
  Sleeper sleeper(executor);
  const SleeperKey key(end, next_sleeper_++);
  sleepers_.emplace(key, &sleeper);
  if (mode_ == Mode::kAutoAdvance) ScheduleJump(executor);
  {
    const std::stop_callback on_stop(context.stop_token(), [&sleeper] { sleeper.wake.cancel(); });
    constexpr auto kToken = boost::asio::as_tuple(kUseTask);
    if (!context.cancelled()) co_await sleeper.wake.async_wait(kToken);
  }
  sleepers_.erase(key);
  if (context.cancelled()) co_return CancelledError();
  co_return wanted_end <= context.deadline() ? absl::OkStatus() : DeadlineExceededError();
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
    // Those that still sleep get their turn after the ones just woken have run.
    Jump(executor, kSettleRounds, std::move(scheduled));
  });
}

}  // namespace daytonad
