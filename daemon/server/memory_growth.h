#ifndef DAYTONAD_DAEMON_SERVER_MEMORY_GROWTH_H_
#define DAYTONAD_DAEMON_SERVER_MEMORY_GROWTH_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <unordered_map>
#include <vector>

#include "daemon/server/connection_table.h"

namespace daytonad {

// Judges the process's memory: whether it is too much, and whether a client makes it grow.
//
// Open calls and connections explain most of the daemon's memory. Quick growth beyond that is gRPC's buffers of
// incomplete frames and messages, which nothing else reports.
class MemoryGrowth {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Sample {
    size_t resident = 0;
    size_t calls = 0;
    size_t connections = 0;
  };
  struct Verdict {
    bool suspicious = false;  // find the busy connections
    bool too_much = false;    // shut connections down
    bool growing = false;     // it grew just now
    // Calls allowed per connection.
    size_t share = 0;
  };

  explicit MemoryGrowth(size_t max_bytes) : max_bytes_(max_bytes) {}

  Verdict Judge(TimePoint now, const Sample& sample);

 private:
  // The minimum or maximum within a time window.
  class Extreme {
   public:
    Extreme(std::chrono::seconds span, bool lowest) : span_(span), lowest_(lowest) {}
    size_t Add(TimePoint now, size_t value);

   private:
    struct Seen {
      TimePoint when;
      size_t value;
    };
    const std::chrono::seconds span_;
    const bool lowest_;
    std::deque<Seen> seen_;  // each is more extreme than all after it
  };

  const size_t max_bytes_;
  // Memory is returned some time after the calls that needed it.
  Extreme explained_{std::chrono::seconds(10), false};
  Extreme unexplained_{std::chrono::seconds(60), true};
  Extreme resident_{std::chrono::seconds(2), true};
};

// The connections with the most recent traffic, or the most unread answers. Either fills the memory.
class BusyConnections {
 public:
  struct Loads {
    ConnectionTable* table;
    std::vector<ConnectionTable::Load> loads;
  };
  struct Culprit {
    ConnectionTable* table;
    ConnectionTable::Load load;
  };

  // Call this every few milliseconds while the memory is suspicious.
  void Add(const std::vector<Loads>& of_listeners);
  // Call this when it is no longer suspicious.
  void Forget() { weights_.clear(); }

  // Chooses the connections that caused nearly all of the traffic, the busiest first; one opened after `growth_began`
  // counts more than an older one. Connections with little traffic are never chosen.
  std::vector<Culprit> Choose(const std::vector<Loads>& of_listeners, MemoryGrowth::TimePoint growth_began) const;

 private:
  using Key = std::pair<const ConnectionTable*, ConnectionTable::Id>;
  struct Hash {
    size_t operator()(const Key& key) const { return std::hash<const void*>()(key.first) ^ key.second; }
  };
  std::unordered_map<Key, double, Hash> weights_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_MEMORY_GROWTH_H_
