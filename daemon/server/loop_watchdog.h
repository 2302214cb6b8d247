#ifndef DAYTONAD_DAEMON_SERVER_LOOP_WATCHDOG_H_
#define DAYTONAD_DAEMON_SERVER_LOOP_WATCHDOG_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/net/event_loop.h"
#include "daemon/server/stall_meter.h"

namespace daytonad {

struct LoopWatchdogOptions {
  std::chrono::milliseconds tick = std::chrono::seconds(1);
  // How long the loop may be blocked before it counts as stalled, and before the process ends. Measured in ticks.
  std::chrono::milliseconds stalled_after = std::chrono::seconds(5);
  std::chrono::milliseconds limit = std::chrono::seconds(30);
};

// Watches the event loop from a thread of its own. No step on the loop takes long; a step that does not return blocks
// all calls, while gRPC keeps taking new ones. After a while the owner is notified. In the end the watchdog logs what
// it knows and calls abort(), for a supervisor to restart the process.
class LoopWatchdog {
 public:
  // `on_change` is called on the watchdog's thread: false when the loop stalls, true when it runs again. Throws
  // std::system_error if the thread cannot be started. The loop outlives the watchdog.
  LoopWatchdog(EventLoop& loop, const LoopWatchdogOptions& options, std::function<void(bool running)> on_change);
  LoopWatchdog(const LoopWatchdog&) = delete;
  LoopWatchdog& operator=(const LoopWatchdog&) = delete;
  ~LoopWatchdog();

 private:
  void Run();
  void Beat();
  void OnTick();
  // How long the loop has been blocked, and how much CPU time it used meanwhile.
  std::string Stalled() const;
  std::string CpuSince() const;

  EventLoop& loop_;
  const LoopWatchdogOptions options_;
  const std::function<void(bool)> on_change_;
  // Set by the loop. A beat that is still posted when the watchdog is destroyed keeps it alive.
  const std::shared_ptr<std::atomic<bool>> beat_ = std::make_shared<std::atomic<bool>>(false);
  StallMeter meter_;                      // used by the thread only, like the next one
  std::chrono::nanoseconds cpu_at_beat_;  // the loop's CPU time at its last beat

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LOOP_WATCHDOG_H_
