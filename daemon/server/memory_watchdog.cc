#include "daemon/server/memory_watchdog.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/memory.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kInterval = milliseconds(50);
constexpr auto kShortInterval = milliseconds(10);
// Memory of a connection that was shut down is freed a moment later.
constexpr auto kPauseAfterShedding = milliseconds(50);
// How long memory may exceed the limit without a busy connection before the newest one is shut down.
constexpr auto kPatience = milliseconds(1000);

constexpr size_t kMiB = size_t{1} << 20;
// Enough for 10,000 calls, a full cache and the rest of the daemon. Each further call adds kBytesOfCall.
constexpr size_t kUsualMemory = 240 * kMiB;
constexpr size_t kUsualCalls = 10'000;
constexpr size_t kUsualCache = 64 * kMiB;
constexpr size_t kBytesOfCall = size_t{24} << 10;

std::optional<size_t> ReadLimit(const std::string& path) {
  std::ifstream file(path);
  size_t limit = 0;
  if (file >> limit) return limit;
  return std::nullopt;  // also for "max"
}

// The memory limit of the process's control group. In a container that group is the root of the visible tree.
size_t ControlGroupLimit() {
  size_t least = std::numeric_limits<size_t>::max();
  const auto consider = [&least](const std::string& path) { least = std::min(least, ReadLimit(path).value_or(least)); };
  consider("/sys/fs/cgroup/memory.max");
  consider("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!absl::StartsWith(line, "0::/")) continue;
    // The group's own limit, and those of its parents.
    for (std::string group = line.substr(3); group.size() > 1; group.resize(group.rfind('/'))) {
      consider(absl::StrCat("/sys/fs/cgroup", group, "/memory.max"));
    }
  }
  return least;
}

std::string InMiB(size_t bytes) { return absl::StrCat(bytes / kMiB, " MiB"); }

}  // namespace

size_t DefaultMaxMemory(size_t calls, size_t cache_bytes) {
  const size_t wanted = kUsualMemory + (calls - std::min(calls, kUsualCalls)) * kBytesOfCall +
                        (cache_bytes - std::min(cache_bytes, kUsualCache));
  return std::min(wanted, ControlGroupLimit() / 8 * 7);
}

MemoryWatchdog::MemoryWatchdog(size_t max_bytes, CallGate& gate, std::vector<ConnectionTable*> connections)
    : max_bytes_(max_bytes),
      gate_(gate),
      connections_(std::move(connections)),
      statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)),
      growth_(max_bytes),
      thread_([this] { Run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "daytonad-memory");
}

MemoryWatchdog::~MemoryWatchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

void MemoryWatchdog::Run() {
  std::unique_lock lock(mutex_);
  while (!wakeup_.wait_for(lock, suspicious_ ? kShortInterval : kInterval, [this] { return ending_; })) {
    const TimePoint now = steady_clock::now();
    const MemoryGrowth::Sample sample = TakeSample();
    const MemoryGrowth::Verdict verdict = growth_.Judge(now, sample);
    gate_.SetShare(verdict.share);
    if (!verdict.suspicious) {
      suspicious_ = false;
      continue;
    }
    const std::vector<BusyConnections::Loads> loads = TakeLoads();
    if (!std::exchange(suspicious_, true)) {
      // The first sample: its traffic has no known start.
      suspicious_since_ = now;
      busy_.Forget();
      continue;
    }
    busy_.Add(loads);
    if (verdict.too_much && verdict.growing && now >= last_shed_ + kPauseAfterShedding)
      Shed(now, sample.resident, loads);
  }
}

MemoryGrowth::Sample MemoryWatchdog::TakeSample() const {
  static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  std::array<char, 128> text{};
  MemoryGrowth::Sample sample;
  size_t total = 0;
  size_t resident = 0;
  if (::pread(statm_.get(), text.data(), text.size() - 1, 0) > 0 &&
      std::sscanf(text.data(), "%zu %zu", &total, &resident) == 2) {
    sample.resident = resident * page;
  }
  sample.calls = gate_.calls();
  for (const ConnectionTable* table : connections_) sample.connections += table->size();
  return sample;
}

std::vector<BusyConnections::Loads> MemoryWatchdog::TakeLoads() const {
  std::vector<BusyConnections::Loads> loads;
  loads.reserve(connections_.size());
  for (ConnectionTable* table : connections_) loads.push_back({table, table->TakeLoads()});
  return loads;
}

void MemoryWatchdog::Shed(TimePoint now, size_t resident, const std::vector<BusyConnections::Loads>& loads) {
  std::vector<BusyConnections::Culprit> culprits = busy_.Choose(loads, suspicious_since_);
  if (culprits.empty()) {
    // Memory grows although no connection is busy: the newest is shut down.
    if (now < std::max(suspicious_since_, last_shed_) + kPatience) return;
    for (const BusyConnections::Loads& listener : loads) {
      for (const ConnectionTable::Load& load : listener.loads) {
        if (culprits.empty()) culprits.push_back({listener.table, load});
        if (load.since > culprits.front().load.since) culprits.front() = {listener.table, load};
      }
    }
    if (culprits.empty()) return;
  }
  last_shed_ = now;
  const ConnectionTable::Load& first = culprits.front().load;
  Log(LogLevel::kWarning, "connections are shut down: their unread data fills the memory",
      {{"connections", absl::StrCat(culprits.size())},
       {"resident", InMiB(resident)},
       {"max_memory", InMiB(max_bytes_)},
       {"busiest_user", first.peer.user == ConnectionTable::kUnknownUser ? "unknown" : absl::StrCat(first.peer.user)},
       {"busiest_process", absl::StrCat(first.peer.process)}});
  for (const BusyConnections::Culprit& culprit : culprits) culprit.table->Penalize(culprit.load.id);
  ReleaseFreeMemory();
}

}  // namespace daytonad
