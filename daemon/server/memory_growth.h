#ifndef DAYTONAD_DAEMON_SERVER_MEMORY_GROWTH_H_
#define DAYTONAD_DAEMON_SERVER_MEMORY_GROWTH_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <unordered_map>
#include <vector>

#include "daemon/server/connection_table.h"

namespace daytonad {

// Judges how much memory the process has: whether that is too much, and whether somebody makes it grow.
//
// Open calls and connections explain most of what the daemon needs. What grows beyond them, quickly, is held by gRPC
// for frames or messages that are not complete: nothing else tells of it.
class MemoryGrowth {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Sample {
    size_t resident = 0;
    size_t calls = 0;
    size_t connections = 0;
  };
  struct Verdict {
    bool suspicious = false;  // look who is busy
    bool too_much = false;    // somebody has to go
    bool growing = false;     // and was at it just now
    // How many calls one connection may have.
    size_t share = 0;
  };

  explicit MemoryGrowth(size_t max_bytes) : max_bytes_(max_bytes) {}

  Verdict Look(TimePoint now, const Sample& sample);

 private:
  // The lowest or highest of what was seen in a span of time.
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
    std::deque<Seen> seen_;  // each more extreme than all after it
  };

  const size_t max_bytes_;
  // Memory comes back a while after the calls that needed it.
  Extreme explained_{std::chrono::seconds(10), false};
  Extreme unexplained_{std::chrono::seconds(60), true};
  Extreme resident_{std::chrono::seconds(2), true};
};

// Which connections brought most, lately.
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

  // Every few milliseconds, as long as it matters.
  void Add(const std::vector<Loads>& of_listeners);
  // It does not matter any more.
  void Forget() { brought_.clear(); }

  // Those that brought nearly all of it, the busiest first; one that opened after `growth_began` counts more than one
  // that was there before. Connections that bring little are never among them.
  std::vector<Culprit> Choose(const std::vector<Loads>& of_listeners, MemoryGrowth::TimePoint growth_began) const;

 private:
  using Key = std::pair<const ConnectionTable*, ConnectionTable::Id>;
  struct Hash {
    size_t operator()(const Key& key) const { return std::hash<const void*>()(key.first) ^ key.second; }
  };
  std::unordered_map<Key, double, Hash> brought_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_MEMORY_GROWTH_H_
