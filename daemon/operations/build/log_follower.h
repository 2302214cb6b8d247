#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_LOG_FOLLOWER_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_LOG_FOLLOWER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad {

// Receives a log's bytes, in order, each once.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // An error of either ends the follower: the reader has left.
  virtual Task<absl::Status> OnLog(v1::LogChunk chunk) = 0;
  virtual Task<absl::Status> OnWarning(v1::Warning warning) = 0;
};

// Reads a build log while the build runs, and knows when it is complete.
//
// Upstream's stream alone does not tell: proxies break it, it may end early, and after a failed build it never ends. So
// the build's state decides. While the build runs, a broken stream is reopened at once, and one that ended without an
// error after a pause; delivered bytes are skipped. When the build is over, the complete log is read once more without
// following, and missing bytes are delivered.
class LogFollower {
 public:
  LogFollower(BuildLogApi& api, Clock& clock) : api_(api), clock_(clock) {}

  // Delivers the log of the object with this id, from byte `offset` on, until `build_over` has fired and the log is
  // complete. Returns the log's length. If the log cannot be opened at all, returns upstream's error, NOT_FOUND if
  // there is none.
  Task<absl::StatusOr<int64_t>> Follow(CallContext context, LogOwner owner, std::string id, int64_t offset,
                                       Event& build_over, LogSink& sink);

  // Delivers the current log, from byte `offset` on. Returns its length, which may be less than `offset`.
  Task<absl::StatusOr<int64_t>> ReadOnce(CallContext context, LogOwner owner, std::string id, int64_t offset,
                                         LogSink& sink);

 private:
  // Delivers one stream's bytes to the sink, except those before `offset`, which advances with each delivery. Returns
  // the length of the stream.
  Task<absl::StatusOr<int64_t>> Pump(CallContext context, ByteStream& stream, int64_t& offset, LogSink& sink,
                                     bool& sink_failed);

  BuildLogApi& api_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_LOG_FOLLOWER_H_
