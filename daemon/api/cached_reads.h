#ifndef DAYTONAD_DAEMON_API_CACHED_READS_H_
#define DAYTONAD_DAEMON_API_CACHED_READS_H_

#include <memory>
#include <optional>
#include <string_view>

#include "daemon/base/clock.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad {

template <typename T>
struct CachedObject {
  std::shared_ptr<const T> object;
  // Time since this state was confirmed.
  Clock::Duration age{};
};

// Reads from the cache, at once and on any thread. Nullopt: not cached or not fresh, ask the Api. `max_age` as in
// ReadTerms.
class CachedReads {
 public:
  virtual ~CachedReads() = default;

  virtual std::optional<CachedObject<v1::Sandbox>> FindSandbox(std::string_view id_or_name,
                                                               std::optional<Clock::Duration> max_age) const = 0;
  virtual std::optional<CachedObject<v1::Snapshot>> FindSnapshot(std::string_view id_or_name,
                                                                 std::optional<Clock::Duration> max_age) const = 0;
  virtual std::optional<CachedObject<v1::Volume>> FindVolume(std::string_view id_or_name,
                                                             std::optional<Clock::Duration> max_age) const = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_CACHED_READS_H_
