#ifndef DAYTONAD_DAEMON_STATE_CACHE_INDEX_H_
#define DAYTONAD_DAEMON_STATE_CACHE_INDEX_H_

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/clock.h"

namespace daytonad {

// What may be answered from memory, by id and by name. Written by the loop alone, read by any thread: the one exception
// from "one thread owns everything". Entries never change; a new observation puts a new one in their place.
template <typename T>
class CacheIndex {
 public:
  struct Entry {
    Entry(std::shared_ptr<const T> object, Clock::TimePoint seen_at) : object(std::move(object)), seen_at(seen_at) {}

    const std::shared_ptr<const T> object;
    const Clock::TimePoint seen_at;
    // Was it asked for? What was, is kept longer.
    mutable std::atomic<bool> used = false;
  };

  std::shared_ptr<const Entry> Find(std::string_view key) const {
    const Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(AbslView(key));
    return found == shard.entries.end() ? nullptr : found->second;
  }

  void Put(const std::string& key, std::shared_ptr<const Entry> entry) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    entry.swap(shard.entries[key]);
  }

  void Erase(const std::string& key) {
    Shard& shard = ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    shard.entries.erase(key);
  }

 private:
  struct Shard {
    mutable std::mutex mutex;
    absl::flat_hash_map<std::string, std::shared_ptr<const Entry>> entries;
  };
  static constexpr size_t kShards = 16;

  Shard& ShardOf(std::string_view key) { return shards_[std::hash<std::string_view>()(key) % kShards]; }
  const Shard& ShardOf(std::string_view key) const { return shards_[std::hash<std::string_view>()(key) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_CACHE_INDEX_H_
