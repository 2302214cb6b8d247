#include "daemon/services/access_log.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/base/error.h"
#include "daemon/base/log_record.h"
#include "daemon/services/rpc/read_source.h"

namespace daytonad {
namespace {

LogLevel LevelOf(Effect effect, const absl::Status& status) {
  return effect == Effect::kMutation || !status.ok() ? LogLevel::kInfo : LogLevel::kDebug;
}

std::vector<LogField> FieldsOf(const CallRecord& record) {
  std::vector<LogField> fields;
  const auto add = [&fields](std::string_view key, std::string_view value) {
    if (!value.empty()) fields.emplace_back(key, value);
  };
  add("call", record.call_id);
  add("method", record.method);
  add("listener", record.caller.listener);
  add("client", record.caller.client);
  add("object", record.object);
  add("request_id", record.request_id);
  add("status", absl::StatusCodeToString(record.status.code()));
  add("reason", ErrorReason(record.status));
  add("duration_ms", absl::StrFormat("%.3f", std::chrono::duration<double, std::milli>(record.duration).count()));
  if (record.read_source.has_value()) add("cache", NameOf(*record.read_source));
  add("upstream_attempts", absl::StrCat(record.upstream_attempts));
  return fields;
}

}  // namespace

bool AccessLog::Wants(Effect effect, const absl::Status& status) const { return LogEnabled(LevelOf(effect, status)); }

void AccessLog::Write(const CallRecord& record) {
  const LogLevel level = LevelOf(record.effect, record.status);
  const bool reached_upstream = record.effect == Effect::kMutation && record.upstream_attempts > 0;
  const std::string kind = absl::StrCat("call ended: ", absl::StatusCodeToString(record.status.code()));
  if (!reached_upstream && !AdmitLogRecord(level, kind)) return;
  WriteLogRecord(level, "call ended", FieldsOf(record));
}

}  // namespace daytonad
