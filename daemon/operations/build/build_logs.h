#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_BUILD_LOGS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_BUILD_LOGS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/api/watch.h"
#include "daemon/operations/base/dependencies.h"
#include "daemon/operations/base/waiting.h"
#include "daemon/operations/build/log_follower.h"

namespace daytonad {

// Streams the build log of a snapshot, or of a sandbox with a build, for callers other than its creator. Errors are
// those of the contract (BuildService.StreamBuildLogs).
class BuildLogOperations {
 public:
  explicit BuildLogOperations(const Dependencies& dependencies)
      : api_(dependencies.api),
        watches_(dependencies.watches),
        follower_(dependencies.follower),
        clock_(dependencies.clock),
        executor_(dependencies.executor) {}

  // Delivers the log from byte `offset` on, and returns why it ended: with `follow` because the build is over, else
  // because the current log was delivered. The sink counts the bytes and sets `offset` of the result.
  Task<absl::StatusOr<v1::StreamEnd>> Stream(CallContext context, LogOwner owner, std::string id_or_name,
                                             int64_t offset, bool follow, LogSink& sink);

 private:
  // What the log's owner tells about its build.
  struct Build {
    std::string id;
    std::string state_text;
    std::string error_reason;
    bool over = false;
    bool failed = false;
    bool gone = false;  // deleted, or being deleted
  };
  Task<absl::StatusOr<Build>> ReadBuild(CallContext context, LogOwner owner, std::string id_or_name);
  static Build BuildOf(const v1::Sandbox& sandbox);
  static Build BuildOf(const v1::Snapshot& snapshot);
  Task<absl::StatusOr<Build>> WaitUntilOver(CallContext context, LogOwner owner, Build build);
  template <typename T>
  Task<absl::StatusOr<Build>> WatchUntilOver(CallContext context, std::unique_ptr<Watch<T>> watch, Build build);

  Api& api_;
  WatchApi& watches_;
  LogFollower& follower_;
  Clock& clock_;
  Executor executor_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_BUILD_LOGS_H_
