#include "daemon/operations/build/log_follower.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/operations/base/polling.h"

namespace daytonad {
namespace {

// A log appears when its build starts, usually within seconds, and users wait for its first bytes.
constexpr PollPolicy kReopen{.first = std::chrono::milliseconds(50), .quick_for = std::chrono::seconds(5)};

// A stream that ended without an error is probably complete: the build's state, which lags, will say so. Each further
// read transfers the whole log, because upstream cannot start in the middle.
constexpr PollPolicy kReadOn{.first = std::chrono::seconds(1), .growth = 2, .longest = std::chrono::seconds(15)};

// After the build the log exists. How long to wait for an upstream that does not deliver it.
constexpr auto kFinalReadLimit = std::chrono::seconds(30);

// Not there yet, or a transient error. Other errors are not worth a retry.
bool WorthReopening(const absl::Status& status) {
  return absl::IsNotFound(status) || IsPassing(status) || absl::IsDeadlineExceeded(status);
}

v1::Warning InterruptedWarning(const absl::Status& status) {
  v1::Warning warning;
  warning.set_reason("LOG_INTERRUPTED");
  warning.set_message(absl::StrCat("The connection to the build log broke and is being opened again; nothing is lost. ",
                                   status.message()));
  return warning;
}

}  // namespace

Task<absl::StatusOr<int64_t>> LogFollower::Follow(CallContext context, LogOwner owner, std::string id, int64_t offset,
                                                  Event& build_over, LogSink& sink) {
  PollBackoff reopen(kReopen);
  PollBackoff read_on(kReadOn);
  LinkedStopSource stop_reading(context.stop_token());
  const CallContext reading = context.WithStopToken(stop_reading.token());
  const auto on_build_over = build_over.OnFired([&stop_reading] { stop_reading.RequestStop(); });

  while (!build_over.fired() && !context.cancelled()) {
    bool ended_well = false;
    absl::StatusOr<std::unique_ptr<ByteStream>> stream = co_await api_.OpenBuildLog(reading, owner, id, true);
    if (stream.ok()) {
      const int64_t before = offset;
      bool sink_failed = false;
      absl::StatusOr<int64_t> pumped = co_await Pump(reading, **stream, offset, sink, sink_failed);
      if (sink_failed) co_return pumped;
      ended_well = pumped.ok();
      if (offset > before) {
        reopen = PollBackoff(kReopen);
        read_on = PollBackoff(kReadOn);
      }
      // The call's deadline is no broken stream.
      if (absl::Status ended = context.Check(clock_.Now()); !ended.ok()) co_return ended;
      if (!pumped.ok() && !reading.cancelled()) {
        absl::Status told = co_await sink.OnWarning(InterruptedWarning(pumped.status()));
        if (!told.ok()) co_return told;
      }
    } else if (!WorthReopening(stream.status()) && !reading.cancelled()) {
      co_return stream.status();
    }
    if (reading.cancelled()) break;
    const Clock::Duration pause = ended_well ? read_on.Next() : reopen.Next();
    absl::Status slept = co_await clock_.Sleep(reading, pause);
    if (absl::IsDeadlineExceeded(slept)) co_return slept;
  }
  if (context.cancelled()) co_return CancelledError();
  co_return co_await ReadOnce(context.WithDeadline(clock_.Now() + kFinalReadLimit), owner, std::move(id), offset, sink);
}

Task<absl::StatusOr<int64_t>> LogFollower::ReadOnce(CallContext context, LogOwner owner, std::string id, int64_t offset,
                                                    LogSink& sink) {
  PollBackoff backoff(kReopen);
  while (true) {
    absl::StatusOr<std::unique_ptr<ByteStream>> stream = co_await api_.OpenBuildLog(context, owner, id, false);
    if (!stream.ok() && !IsPassing(stream.status())) co_return stream.status();
    if (stream.ok()) {
      bool sink_failed = false;
      absl::StatusOr<int64_t> pumped = co_await Pump(context, **stream, offset, sink, sink_failed);
      if (pumped.ok() || sink_failed || !IsPassing(pumped.status())) co_return pumped;
    }
    absl::Status slept = co_await clock_.Sleep(context, backoff.Next());
    if (!slept.ok()) co_return stream.ok() ? slept : stream.status();
  }
}

Task<absl::StatusOr<int64_t>> LogFollower::Pump(CallContext context, ByteStream& stream, int64_t& offset, LogSink& sink,
                                                bool& sink_failed) {
  int64_t position = 0;  // upstream's stream always starts at byte 0
  while (true) {
    absl::StatusOr<std::string> bytes = co_await stream.Read(context);
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return position;
    const auto size = static_cast<int64_t>(bytes->size());
    const int64_t known = std::clamp<int64_t>(offset - position, 0, size);
    position += size;
    if (known == size) continue;
    v1::LogChunk chunk;
    chunk.set_offset(offset);
    chunk.set_data(known == 0 ? *std::move(bytes) : bytes->substr(static_cast<size_t>(known)));
    offset = position;
    absl::Status taken = co_await sink.OnLog(std::move(chunk));
    if (!taken.ok()) {
      sink_failed = true;
      co_return taken;
    }
  }
}

}  // namespace daytonad
