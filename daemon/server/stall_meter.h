#ifndef DAYTONAD_DAEMON_SERVER_STALL_METER_H_
#define DAYTONAD_DAEMON_SERVER_STALL_METER_H_

namespace daytonad {

// Measures in ticks of the watcher how long something has been stalled. Ticks instead of a clock: while the whole
// process is stopped (SIGSTOP, a frozen cgroup, a suspended machine) there are no ticks, and nothing is wrong.
class StallMeter {
 public:
  enum class Change {
    kNone,
    kStalled,  // it counts as stalled now
    kResumed,  // it makes progress again
    kOverdue,  // it is stalled for longer than allowed; repeated with each further tick
  };

  StallMeter(int stalled_after, int overdue_after) : stalled_after_(stalled_after), overdue_after_(overdue_after) {}

  // `moved`: whether it made progress since the last tick.
  Change OnTick(bool moved) {
    if (moved) {
      const bool was_stalled = ticks_ >= stalled_after_;
      ticks_ = 0;
      return was_stalled ? Change::kResumed : Change::kNone;
    }
    ++ticks_;
    if (ticks_ >= overdue_after_) return Change::kOverdue;
    return ticks_ == stalled_after_ ? Change::kStalled : Change::kNone;
  }

  // Ticks without progress.
  int ticks() const { return ticks_; }

 private:
  const int stalled_after_;
  const int overdue_after_;
  int ticks_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_STALL_METER_H_
