#include "daemon/server/loop_watchdog.h"

#include <pthread.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "daemon/base/log.h"

namespace daytonad {
namespace {

std::string Seconds(std::chrono::duration<double> duration) { return absl::StrFormat("%.1f", duration.count()); }

int InTicks(std::chrono::milliseconds time, std::chrono::milliseconds tick) {
  return static_cast<int>((time + tick - std::chrono::milliseconds(1)) / tick);
}

}  // namespace

LoopWatchdog::LoopWatchdog(EventLoop& loop, const LoopWatchdogOptions& options, std::function<void(bool)> on_change)
    : loop_(loop),
      options_(options),
      on_change_(std::move(on_change)),
      meter_(InTicks(options.stalled_after, options.tick), InTicks(options.limit, options.tick)),
      cpu_at_beat_(loop.cpu_time()) {
  thread_ = std::thread([this] { Run(); });
  ::pthread_setname_np(thread_.native_handle(), "daytonad-watch");
}

LoopWatchdog::~LoopWatchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

void LoopWatchdog::Run() {
  std::unique_lock lock(mutex_);
  Beat();
  while (!stop_.wait_for(lock, options_.tick, [this] { return stopping_; })) OnTick();
}

// Posts a beat to the loop.
void LoopWatchdog::Beat() {
  *beat_ = false;
  loop_.Post([beat = beat_] { *beat = true; });
}

void LoopWatchdog::OnTick() {
  const bool beat = *beat_;
  switch (meter_.OnTick(beat)) {
    case StallMeter::Change::kNone:
      break;
    case StallMeter::Change::kStalled:
      Log(LogLevel::kError, "the event loop is stalled: no call makes progress",
          {{"seconds", Stalled()}, {"cpu_seconds", CpuSince()}});
      on_change_(false);
      break;
    case StallMeter::Change::kResumed:
      Log(LogLevel::kWarning, "the event loop runs again", {{"cpu_seconds", CpuSince()}});
      on_change_(true);
      break;
    case StallMeter::Change::kOverdue:
      LogLastWords("the event loop was stalled for too long; this is a bug, the process ends",
                   {{"seconds", Stalled()}, {"cpu_seconds", CpuSince()}});
      std::abort();
  }
  if (!beat) return;
  cpu_at_beat_ = loop_.cpu_time();
  Beat();
}

std::string LoopWatchdog::Stalled() const { return Seconds(meter_.ticks() * options_.tick); }

std::string LoopWatchdog::CpuSince() const { return Seconds(loop_.cpu_time() - cpu_at_beat_); }

}  // namespace daytonad
