#ifndef DAYTONAD_DAEMON_OPERATIONS_LOG_FOLLOWER_H_
#define DAYTONAD_DAEMON_OPERATIONS_LOG_FOLLOWER_H_

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

// Takes a log's bytes, in order, each once.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // An error of either ends the following: the reader has gone.
  virtual Task<absl::Status> OnLog(v1::LogChunk chunk) = 0;
  virtual Task<absl::Status> OnWarning(v1::Warning warning) = 0;
};

// Reads a build log while the build runs, and knows when it has all of it.
//
// The upstream's stream alone can't tell: it breaks under proxies, it ends early, and after a failed build it never
// ends. So the build's state decides. While the build runs, a broken stream is opened again at once, one that ended
// well after a while, and what was delivered before is skipped. Once the build is over, the log is read once more,
// whole and without following, and what is missing is delivered.
class LogFollower {
 public:
  LogFollower(BuildLogApi& api, Clock& clock) : api_(api), clock_(clock) {}

  // Delivers the log of what has this id, from byte `offset` on, until `build_over` has fired and the whole log is
  // through. Returns the log's length. A log that can't be opened at all ends it with upstream's error, NOT_FOUND if
  // there is none.
  Task<absl::StatusOr<int64_t>> Follow(CallContext context, LogOwner owner, std::string id, int64_t offset,
                                       Event& build_over, LogSink& sink);

  // Delivers what there is of the log now, from byte `offset` on. Returns its length, which may be less than `offset`.
  Task<absl::StatusOr<int64_t>> ReadOnce(CallContext context, LogOwner owner, std::string id, int64_t offset,
                                         LogSink& sink);

 private:
  // Moves one stream's bytes to the sink, those before `offset` excepted; `offset` moves on with what is delivered.
  // Returns the length of the stream.
  Task<absl::StatusOr<int64_t>> Pump(CallContext context, ByteStream& stream, int64_t& offset, LogSink& sink,
                                     bool& sink_failed);

  BuildLogApi& api_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_LOG_FOLLOWER_H_
