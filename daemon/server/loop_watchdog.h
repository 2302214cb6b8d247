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
  // How long the loop may not turn until it counts as stalled, and until the process ends. Measured in ticks.
  std::chrono::milliseconds stalled_after = std::chrono::seconds(5);
  std::chrono::milliseconds limit = std::chrono::seconds(30);
};

// Watches from a thread of its own whether the event loop turns. No step on the loop takes long; one that does not
// return holds up every call, while gRPC goes on taking new ones. So, after a while the owner is told, and in the end
// the process is ended by abort(), with what is known in the log, for a supervisor to start it again.
class LoopWatchdog {
 public:
  // `on_change` is called on the watchdog's thread: false when the loop stalls, true when it turns again. Throws
  // std::system_error if there is no thread to be had. The loop outlives the watchdog.
  LoopWatchdog(EventLoop& loop, const LoopWatchdogOptions& options, std::function<void(bool running)> on_change);
  LoopWatchdog(const LoopWatchdog&) = delete;
  LoopWatchdog& operator=(const LoopWatchdog&) = delete;
  ~LoopWatchdog();

 private:
  void Run();
  void Beat();
  void OnTick();
  // For how long it has not turned, and how much of that it computed.
  std::string Stalled() const;
  std::string CpuSince() const;

  EventLoop& loop_;
  const LoopWatchdogOptions options_;
  const std::function<void(bool)> on_change_;
  // Set by the loop. The beat that is on its way when the watchdog goes keeps it.
  const std::shared_ptr<std::atomic<bool>> beat_ = std::make_shared<std::atomic<bool>>(false);
  StallMeter meter_;                      // the thread's, as is the next one
  std::chrono::nanoseconds cpu_at_beat_;  // what the loop had used when it last turned

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LOOP_WATCHDOG_H_
