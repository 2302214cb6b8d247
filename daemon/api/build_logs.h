#ifndef DAYTONAD_DAEMON_API_BUILD_LOGS_H_
#define DAYTONAD_DAEMON_API_BUILD_LOGS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// A stream of bytes that arrive as they are produced. Destroying it ends the transfer.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Returns the next bytes as soon as there are any; an empty string at the end.
  virtual Task<absl::StatusOr<std::string>> Read(CallContext context) = 0;
};

enum class LogOwner { kSandbox, kSnapshot };

class BuildLogApi {
 public:
  virtual ~BuildLogApi() = default;

  // Opens the build log of this sandbox or snapshot, from its beginning. With `follow` the stream stays open while the
  // build runs; upstream closes it after a successful build and leaves it open after a failed one. NOT_FOUND while
  // there is no log yet.
  virtual Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext context, LogOwner owner,
                                                                         std::string id, bool follow) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_BUILD_LOGS_H_
