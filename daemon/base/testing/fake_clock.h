#ifndef DAYTONAD_DAEMON_BASE_TESTING_FAKE_CLOCK_H_
#define DAYTONAD_DAEMON_BASE_TESTING_FAKE_CLOCK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// A clock for unit tests: hours of polling pass at once, and each wait is recorded.
//
// In kAutoAdvance (the default) time jumps to the earliest sleeper's end as soon as all coroutines sleep; ready
// coroutines run first, so two coroutines that sleep 1 s and 10 s wake in that order, at 1 s and 10 s. In kManual time
// stands still until the test calls Advance().
//
// Used on one thread, the one that runs the coroutines. Must outlive them.
class FakeClock final : public Clock {
 public:
  enum class Mode { kAutoAdvance, kManual };

  explicit FakeClock(Mode mode = Mode::kAutoAdvance) : mode_(mode) {}

  TimePoint Now() const override { return now_; }
  Task<absl::Status> Sleep(CallContext context, Duration duration) override;
  Task<absl::Status> WaitFor(CallContext context, std::stop_token fired) override;

  // Advances time; sleepers whose time has come wake when the coroutines next run.
  void Advance(Duration duration);

  // The durations of all calls of Sleep, in order, including those that ended early.
  const std::vector<Duration>& sleeps() const { return sleeps_; }
  // The number of coroutines that sleep or wait now.
  size_t sleepers() const { return sleepers_.size(); }

 private:
  struct Sleeper;
  using SleeperKey = std::pair<TimePoint, uint64_t>;  // the end, and a number that orders equal ends

  // Sleeps until then, or until one of the tokens has a stop request.
  Task<void> SleepUntil(TimePoint end, std::stop_token stop, std::stop_token fired);
  void WakeUntil(TimePoint end);
  void ScheduleJump(const Executor& executor);
  void Jump(const Executor& executor, int settle_rounds, std::shared_ptr<void> scheduled);

  Mode mode_;
  TimePoint now_{std::chrono::hours(1000)};  // not near zero: "an hour ago" is a time, too
  std::vector<Duration> sleeps_;
  std::map<SleeperKey, Sleeper*> sleepers_;
  uint64_t next_sleeper_ = 0;
  std::weak_ptr<void> jump_;  // alive during a jump, and no longer than its loop
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_TESTING_FAKE_CLOCK_H_
