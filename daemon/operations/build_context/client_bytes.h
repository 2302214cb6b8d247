#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CLIENT_BYTES_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CLIENT_BYTES_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// What a client sends of its context, as long as it does: a client that stops holds nothing for long that others need,
// nor does one that sends a byte now and then. How long the daemon itself takes with the bytes does not count.
class ClientBytes final : public ByteStream {
 public:
  // So much has to come within the limit.
  static constexpr size_t kProgress = size_t{64} << 10;
  // The limit while others wait for what this one holds.
  static constexpr Clock::Duration kCrowdedIdle = std::chrono::seconds(5);

  // `others_wait` says whether they do now. Stream and clock outlive it.
  ClientBytes(ByteStream& stream, Clock& clock, Clock::Duration max_idle, std::function<bool()> others_wait)
      : stream_(stream), clock_(clock), max_idle_(max_idle), others_wait_(std::move(others_wait)) {}

  // ABORTED (STREAM_STALLED) when the limit is up.
  Task<absl::StatusOr<std::string>> Read(CallContext context) override;

 private:
  Clock::Duration Limit() const { return begun_ && others_wait_() ? std::min(max_idle_, kCrowdedIdle) : max_idle_; }

  ByteStream& stream_;
  Clock& clock_;
  const Clock::Duration max_idle_;
  const std::function<bool()> others_wait_;
  bool begun_ = false;  // before, nothing is held
  // Since so much came last.
  Clock::Duration waited_{};
  size_t progress_ = 0;
};

// What ends an upload whose client was idle for so long.
absl::Status UploadStalled(Clock::Duration idle);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CLIENT_BYTES_H_
