#ifndef DAYTONAD_DAEMON_SERVER_STALL_METER_H_
#define DAYTONAD_DAEMON_SERVER_STALL_METER_H_

namespace daytonad {

// Tells from the ticks of whoever watches how long something has stood still. By ticks, not by a clock: while the whole
// process is stopped (SIGSTOP, a frozen cgroup, a machine that sleeps) nobody ticks, and nothing is wrong.
class StallMeter {
 public:
  enum class Change {
    kNone,
    kStalled,  // it has stood still for so long that it counts as stalled
    kResumed,  // it moves again
    kOverdue,  // it has stood still for longer than is allowed; again with each further tick
  };

  StallMeter(int stalled_after, int overdue_after) : stalled_after_(stalled_after), overdue_after_(overdue_after) {}

  // `moved`: since the last tick.
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

  // For how many ticks it has stood still.
  int ticks() const { return ticks_; }

 private:
  const int stalled_after_;
  const int overdue_after_;
  int ticks_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_STALL_METER_H_
