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

// A client's upload stream with an idle limit, so that a client that stops, or that sends a byte now and then, does not
// hold for long what others need. Time that the daemon spends on the bytes does not count.
class ClientBytes final : public ByteStream {
 public:
  // How many bytes must arrive within the limit.
  static constexpr size_t kProgress = size_t{64} << 10;
  // The limit while other uploads wait for this one.
  static constexpr Clock::Duration kCrowdedIdle = std::chrono::seconds(5);

  // `others_wait` returns whether other uploads wait now. Stream and clock must outlive it.
  ClientBytes(ByteStream& stream, Clock& clock, Clock::Duration max_idle, std::function<bool()> others_wait)
      : stream_(stream), clock_(clock), max_idle_(max_idle), others_wait_(std::move(others_wait)) {}

  // ABORTED (STREAM_STALLED) after the limit.
  Task<absl::StatusOr<std::string>> Read(CallContext context) override;

 private:
  Clock::Duration Limit() const { return begun_ && others_wait_() ? std::min(max_idle_, kCrowdedIdle) : max_idle_; }

  ByteStream& stream_;
  Clock& clock_;
  const Clock::Duration max_idle_;
  const std::function<bool()> others_wait_;
  bool begun_ = false;  // until then it holds nothing
  // Waiting time since the last progress.
  Clock::Duration waited_{};
  size_t progress_ = 0;
};

// The error of an upload whose client was idle for `idle`.
absl::Status UploadStalled(Clock::Duration idle);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CLIENT_BYTES_H_
