#include "daemon/services/build_handlers.h"

#include <string>
#include <utility>

#include "daemon/services/checks/request_checks.h"

namespace daytonad {
namespace {

// Sends a log's bytes and counts them.
class LogWriter final : public LogSink {
 public:
  LogWriter(StreamWriter<v1::StreamBuildLogsResponse>& writer, int64_t offset) : writer_(writer), offset_(offset) {}

  int64_t offset() const { return offset_; }

  Task<absl::Status> OnLog(v1::LogChunk chunk) override {
    offset_ = chunk.offset() + static_cast<int64_t>(chunk.data().size());
    v1::StreamBuildLogsResponse message;
    *message.mutable_log() = std::move(chunk);
    return writer_.Write(std::move(message));
  }
  Task<absl::Status> OnWarning(v1::Warning warning) override {
    v1::StreamBuildLogsResponse message;
    *message.mutable_warning() = std::move(warning);
    return writer_.Write(std::move(message));
  }

 private:
  StreamWriter<v1::StreamBuildLogsResponse>& writer_;
  int64_t offset_;
};

}  // namespace

Task<absl::Status> BuildHandlers::StreamBuildLogs(CallContext context, v1::StreamBuildLogsRequest request,
                                                  StreamWriter<v1::StreamBuildLogsResponse>* writer) {
  const bool of_sandbox = request.target_case() == v1::StreamBuildLogsRequest::kSandbox;
  FieldViolations violations;
  if (request.target_case() == v1::StreamBuildLogsRequest::TARGET_NOT_SET) {
    violations.Add("target", "is required: name a snapshot or a sandbox");
  } else if (of_sandbox) {
    CheckObject("sandbox", request.sandbox(), violations);
  } else {
    CheckObject("snapshot", request.snapshot(), violations);
  }
  CheckNotNegative("offset", request.offset(), violations);
  if (!violations.empty()) co_return violations.ToStatus();

  LogWriter log(*writer, request.offset());
  const LogOwner owner = of_sandbox ? LogOwner::kSandbox : LogOwner::kSnapshot;
  std::string object = of_sandbox ? std::move(*request.mutable_sandbox()) : std::move(*request.mutable_snapshot());
  const bool follow = !request.has_follow() || request.follow();
  absl::StatusOr<v1::StreamEnd> end =
      co_await build_logs_.Stream(std::move(context), owner, std::move(object), request.offset(), follow, log);
  v1::StreamBuildLogsResponse last;
  if (end.ok()) {
    *last.mutable_end() = *std::move(end);
    last.mutable_end()->set_offset(log.offset());
    co_return co_await writer->Write(std::move(last));
  }
  if (writer->shutting_down()) {
    last.mutable_end()->set_reason(v1::STREAM_END_REASON_SHUTTING_DOWN);
    last.mutable_end()->set_offset(log.offset());
    last.mutable_end()->set_message("The daemon is going down. Call again with `offset` to go on.");
    absl::Status written = co_await writer->Write(std::move(last));
    if (!written.ok()) co_return written;
  }
  co_return end.status();
}

}  // namespace daytonad
