#ifndef DAYTONAD_DAEMON_API_TESTING_NOTHING_CACHED_H_
#define DAYTONAD_DAEMON_API_TESTING_NOTHING_CACHED_H_

#include "daemon/api/cached_reads.h"

namespace daytonad {

// A cache that is always empty.
class NothingCached final : public CachedReads {
 public:
  std::optional<CachedObject<v1::Sandbox>> FindSandbox(std::string_view,
                                                       std::optional<Clock::Duration>) const override {
    return std::nullopt;
  }
  std::optional<CachedObject<v1::Snapshot>> FindSnapshot(std::string_view,
                                                         std::optional<Clock::Duration>) const override {
    return std::nullopt;
  }
  std::optional<CachedObject<v1::Volume>> FindVolume(std::string_view, std::optional<Clock::Duration>) const override {
    return std::nullopt;
  }
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_TESTING_NOTHING_CACHED_H_
