#include "daemon/operations/build/build_logs.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"
#include "daemon/base/error.h"
#include "daemon/operations/build/background_log.h"

namespace daytonad {
namespace {

constexpr bool Failed(v1::SandboxState state) {
  return state == v1::SANDBOX_STATE_ERROR || state == v1::SANDBOX_STATE_BUILD_FAILED;
}
constexpr bool Failed(v1::SnapshotState state) {
  return state == v1::SNAPSHOT_STATE_ERROR || state == v1::SNAPSHOT_STATE_BUILD_FAILED;
}

// An unknown state says nothing: the build may be running.
constexpr bool Over(v1::SandboxState state) {
  return state != v1::SANDBOX_STATE_PENDING_BUILD && state != v1::SANDBOX_STATE_BUILDING_SNAPSHOT &&
         state != v1::SANDBOX_STATE_UNSPECIFIED && state != v1::SANDBOX_STATE_UNKNOWN;
}
constexpr bool Over(v1::SnapshotState state) {
  return state != v1::SNAPSHOT_STATE_PENDING && state != v1::SNAPSHOT_STATE_BUILDING &&
         state != v1::SNAPSHOT_STATE_UNSPECIFIED;
}

// Its deletion was requested, perhaps during the build.
constexpr bool Leaving(v1::SandboxState state) {
  return state == v1::SANDBOX_STATE_DESTROYING || state == v1::SANDBOX_STATE_DESTROYED;
}
constexpr bool Leaving(v1::SnapshotState state) { return state == v1::SNAPSHOT_STATE_REMOVING; }

absl::Status NoLogError(LogOwner owner) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "BUILD_LOG_UNAVAILABLE",
      absl::StrCat("This ", owner == LogOwner::kSandbox ? "sandbox" : "snapshot",
                   " has no build log: it was not built from a Dockerfile, or upstream has the log no more."));
}

}  // namespace

BuildLogOperations::Build BuildLogOperations::BuildOf(const v1::Sandbox& sandbox) {
  Build build;
  build.id = sandbox.id();
  build.state_text = sandbox.state_text();
  build.error_reason = sandbox.error_reason();
  build.over = Over(sandbox.state());
  build.failed = Failed(sandbox.state());
  build.gone = Leaving(sandbox.state());
  return build;
}

BuildLogOperations::Build BuildLogOperations::BuildOf(const v1::Snapshot& snapshot) {
  Build build;
  build.id = snapshot.id();
  build.state_text = snapshot.state_text();
  build.error_reason = snapshot.error_reason();
  // A snapshot that is pulled has no log.
  build.over = Over(snapshot.state()) || !snapshot.has_build_info();
  build.failed = Failed(snapshot.state());
  build.gone = Leaving(snapshot.state());
  return build;
}

Task<absl::StatusOr<BuildLogOperations::Build>> BuildLogOperations::ReadBuild(CallContext context, LogOwner owner,
                                                                              std::string id_or_name) {
  if (owner == LogOwner::kSandbox) {
    absl::StatusOr<v1::Sandbox> sandbox = co_await api_.Run(std::move(context), GetSandbox(std::move(id_or_name)));
    if (!sandbox.ok()) co_return sandbox.status();
    co_return BuildOf(*sandbox);
  }
  absl::StatusOr<v1::Snapshot> snapshot = co_await api_.Run(std::move(context), GetSnapshot(std::move(id_or_name)));
  if (!snapshot.ok()) co_return snapshot.status();
  co_return BuildOf(*snapshot);
}

Task<absl::StatusOr<BuildLogOperations::Build>> BuildLogOperations::WaitUntilOver(CallContext context, LogOwner owner,
                                                                                  Build build) {
  if (owner == LogOwner::kSandbox) {
    auto watch = watches_.WatchSandbox(build.id);
    return WatchUntilOver(std::move(context), std::move(watch), std::move(build));
  }
  auto watch = watches_.WatchSnapshot(build.id);
  return WatchUntilOver(std::move(context), std::move(watch), std::move(build));
}

template <typename T>
Task<absl::StatusOr<BuildLogOperations::Build>> BuildLogOperations::WatchUntilOver(CallContext context,
                                                                                   std::unique_ptr<Watch<T>> watch,
                                                                                   Build build) {
  Goal<T> goal;
  goal.decide = [&build](const Observation<T>& seen) -> std::optional<absl::Status> {
    if (seen.status.ok()) {
      build = BuildOf(*seen.object);
      return build.over ? std::optional(absl::OkStatus()) : std::nullopt;
    }
    if (!IsAbsent(seen.status)) return seen.status;
    build.over = build.gone = true;
    build.state_text.clear();
    return absl::OkStatus();
  };
  const WaitContext limits(context, clock_, Clock::Duration::zero());
  Observation<T> last;
  absl::Status status = co_await WaitUntil(clock_, limits, *watch, goal, last);
  if (!status.ok()) co_return status;
  co_return build;
}

Task<absl::StatusOr<v1::StreamEnd>> BuildLogOperations::Stream(CallContext context, LogOwner owner,
                                                               std::string id_or_name, int64_t offset, bool follow,
                                                               LogSink& sink) {
  absl::StatusOr<Build> build = co_await ReadBuild(context, owner, std::move(id_or_name));
  if (!build.ok()) co_return build.status();

  absl::StatusOr<int64_t> length = offset;
  if (!follow || build->over) {
    length = co_await follower_.ReadOnce(context, owner, build->id, offset, sink);
  } else {
    const auto log = BackgroundLog::Start(executor_, follower_, context, owner, build->id, offset, sink);
    build = co_await WaitUntilOver(log->EndsWithLog(context), owner, *std::move(build));
    length = co_await log->Finish(clock_);
  }
  // A deletion may remove the log, too.
  if (build.ok() && build->gone && absl::IsNotFound(length.status())) length = offset;
  // The log's own error says more than that of the wait that it ended.
  if (absl::IsNotFound(length.status())) co_return NoLogError(owner);
  if (!length.ok()) co_return length.status();
  if (!build.ok()) co_return build.status();

  if (build->over && !build->gone && *length < offset) {
    co_return MakeError(absl::StatusCode::kOutOfRange, "OFFSET_OUT_OF_RANGE",
                        absl::StrCat("The log is complete and has ", *length, " bytes; `offset` is ", offset, "."));
  }

  v1::StreamEnd end;
  end.set_state_text(build->state_text);
  if (build->gone) {
    end.set_reason(v1::STREAM_END_REASON_RESOURCE_GONE);
    end.set_message("It was deleted while its log was read.");
  } else if (build->failed) {
    end.set_reason(v1::STREAM_END_REASON_RESOURCE_FAILED);
    end.set_message(build->error_reason);
  } else if (build->over) {
    end.set_reason(v1::STREAM_END_REASON_COMPLETED);
    end.set_message("The build is over; this is its whole log.");
  } else {
    end.set_reason(v1::STREAM_END_REASON_CAUGHT_UP);
    end.set_message("This is the log so far; the build goes on.");
  }
  co_return end;
}

}  // namespace daytonad
