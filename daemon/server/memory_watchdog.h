#ifndef DAYTONAD_DAEMON_SERVER_MEMORY_WATCHDOG_H_
#define DAYTONAD_DAEMON_SERVER_MEMORY_WATCHDOG_H_

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/base/file_descriptor.h"
#include "daemon/server/connection_table.h"
#include "daemon/server/memory_growth.h"
#include "daemon/services/rpc/call_gate.h"

namespace daytonad {

// The default memory limit of the process: enough for `calls` waiting calls and a cache of `cache_bytes`, and less than
// its control group allows.
size_t DefaultMaxMemory(size_t calls, size_t cache_bytes);

// Checks the process's memory many times a second, on a thread of its own. gRPC buffers incomplete header blocks,
// messages and frames without a limit. When the memory grows beyond what calls explain, or above `max_bytes`, the
// watchdog shuts down the connections with the most recent traffic or the most unread answers. When half of it is used,
// the gate admits fewer calls per connection.
class MemoryWatchdog {
 public:
  // All outlive it.
  MemoryWatchdog(size_t max_bytes, CallGate& gate, std::vector<ConnectionTable*> connections);
  MemoryWatchdog(const MemoryWatchdog&) = delete;
  MemoryWatchdog& operator=(const MemoryWatchdog&) = delete;
  ~MemoryWatchdog();

 private:
  using TimePoint = MemoryGrowth::TimePoint;

  void Run();
  MemoryGrowth::Sample TakeSample() const;
  std::vector<BusyConnections::Loads> TakeLoads() const;
  // Shuts connections down.
  void Shed(TimePoint now, size_t resident, const std::vector<BusyConnections::Loads>& loads);

  const size_t max_bytes_;
  CallGate& gate_;
  const std::vector<ConnectionTable*> connections_;
  const FileDescriptor statm_;
  MemoryGrowth growth_;
  BusyConnections busy_;
  bool suspicious_ = false;
  TimePoint suspicious_since_;
  TimePoint last_shed_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_MEMORY_WATCHDOG_H_
