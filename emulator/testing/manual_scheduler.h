#ifndef DAYTONAD_EMULATOR_TESTING_MANUAL_SCHEDULER_H_
#define DAYTONAD_EMULATOR_TESTING_MANUAL_SCHEDULER_H_

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "emulator/base/scheduler.h"

namespace daytonad::emulator {

// For tests: time passes only in Advance.
class ManualScheduler : public Scheduler {
 public:
  WallTime Now() const override { return now_; }

  void After(milliseconds delay, std::function<void()> action) override {
    actions_.emplace(now_ + delay.count(), std::move(action));
  }

  void Advance(milliseconds duration) {
    const WallTime end = now_ + duration.count();
    while (!actions_.empty() && actions_.begin()->first <= end) {
      auto node = actions_.extract(actions_.begin());
      now_ = std::max(now_, node.key());
      node.mapped()();
    }
    now_ = end;
  }

 private:
  WallTime now_ = 1'767'225'600'000;  // 2026-01-01
  std::multimap<WallTime, std::function<void()>> actions_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_TESTING_MANUAL_SCHEDULER_H_
