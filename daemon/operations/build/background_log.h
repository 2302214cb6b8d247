#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_BACKGROUND_LOG_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_BACKGROUND_LOG_H_

#include <boost/asio/this_coro.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/event.h"
#include "daemon/base/spawn.h"
#include "daemon/operations/build/log_follower.h"

namespace daytonad {

// Follows a build log concurrently with other work.
class BackgroundLog : public std::enable_shared_from_this<BackgroundLog> {
 public:
  static std::shared_ptr<BackgroundLog> Start(Executor executor, LogFollower& follower, CallContext context,
                                              LogOwner owner, std::string id, int64_t offset, LogSink& sink) {
    auto log = std::make_shared<BackgroundLog>(context);
    Spawn(executor, Run(log, follower, std::move(context), owner, std::move(id), offset, sink));
    return log;
  }

  explicit BackgroundLog(const CallContext& context) : failed_(context.stop_token()) {}

  // A context that also ends when the log can no longer be read: for a wait that only serves the log.
  CallContext EndsWithLog(const CallContext& context) const { return context.WithStopToken(failed_.token()); }

  // The build has ended: reads the log to its end.
  void BuildOver() { build_over_.Fire(); }

  // Waits for that, or for the end of the call. The sink is no longer used when this returns.
  Task<absl::StatusOr<int64_t>> Finish(Clock& clock) {
    const std::shared_ptr<BackgroundLog> self = shared_from_this();
    build_over_.Fire();
    // The follower ends with the call, so this needs no deadline of its own.
    absl::Status waited = co_await done_.Wait(clock, CallContext::Background("build log"));
    if (!waited.ok()) co_return waited;
    co_return result_;
  }

 private:
  static Task<void> Run(std::shared_ptr<BackgroundLog> self, LogFollower& follower, CallContext context, LogOwner owner,
                        std::string id, int64_t offset, LogSink& sink) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    self->result_ = co_await follower.Follow(std::move(context), owner, std::move(id), offset, self->build_over_, sink);
    if (!self->result_.ok()) self->failed_.RequestStop();
    self->done_.Fire();
  }

  LinkedStopSource failed_;
  Event build_over_;
  Event done_;
  absl::StatusOr<int64_t> result_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_BACKGROUND_LOG_H_
