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

// How much memory the process may have if nobody says: enough for `calls` that wait and a cache of `cache_bytes`, and
// less than its control group allows.
size_t DefaultMaxMemory(size_t calls, size_t cache_bytes);

// Looks at the process's memory, on a thread of its own, many times a second. gRPC keeps without a limit what comes in
// and is not complete: header blocks, messages, frames. When the memory grows beyond what calls explain, or above
// `max_bytes`, the watchdog shuts down the connections that brought the most just before; when half of it is used, the
// gate begins to take fewer calls of each connection.
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
  // Somebody has to go.
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
