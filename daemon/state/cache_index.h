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

// The objects that may be served from the cache, by id and by name. Only the loop writes it, any thread reads it: the
// one exception from "one thread owns everything". Entries are immutable; a new observation replaces the entry.
template <typename T>
class CacheIndex {
 public:
  struct Entry {
    Entry(std::shared_ptr<const T> object, Clock::TimePoint confirmed_at)
        : object(std::move(object)), confirmed_at(confirmed_at) {}

    const std::shared_ptr<const T> object;
    const Clock::TimePoint confirmed_at;
    // Set by reads. Used entries are evicted later.
    mutable std::atomic<bool> used = false;
  };
  using EntryPtr = std::shared_ptr<const Entry>;

  // Ids and names are two key spaces: a name may equal another object's id. The id comes first, as it does upstream.
  EntryPtr Find(std::string_view id_or_name) const {
    EntryPtr entry = FindId(id_or_name);
    return entry != nullptr ? entry : FindName(id_or_name);
  }
  EntryPtr FindId(std::string_view id) const { return ids_.Find(id); }
  EntryPtr FindName(std::string_view name) const { return names_.Find(name); }

  void PutId(const std::string& id, EntryPtr entry) { ids_.Put(id, std::move(entry)); }
  void PutName(const std::string& name, EntryPtr entry) { names_.Put(name, std::move(entry)); }
  void EraseId(const std::string& id) { ids_.Erase(id); }
  void EraseName(const std::string& name) { names_.Erase(name); }

 private:
  class Keys {
   public:
    EntryPtr Find(std::string_view key) const {
      const Shard& shard = shards_[ShardOf(key)];
      const std::lock_guard lock(shard.mutex);
      const auto found = shard.entries.find(AbslView(key));
      return found == shard.entries.end() ? nullptr : found->second;
    }
    void Put(const std::string& key, EntryPtr entry) {
      Shard& shard = shards_[ShardOf(key)];
      const std::lock_guard lock(shard.mutex);
      entry.swap(shard.entries[key]);
    }
    void Erase(const std::string& key) {
      Shard& shard = shards_[ShardOf(key)];
      const std::lock_guard lock(shard.mutex);
      shard.entries.erase(key);
    }

   private:
    struct Shard {
      mutable std::mutex mutex;
      absl::flat_hash_map<std::string, EntryPtr> entries;
    };
    static constexpr size_t kShards = 16;
    static size_t ShardOf(std::string_view key) { return std::hash<std::string_view>()(key) % kShards; }

    std::array<Shard, kShards> shards_;
  };

  Keys ids_;
  Keys names_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_CACHE_INDEX_H_
