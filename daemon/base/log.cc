#include "daemon/base/log.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/call_context.h"
#include "daemon/base/log_limiter.h"
#include "daemon/base/log_record.h"
#include "daemon/base/log_sink.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

using std::chrono::steady_clock;

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

std::string JsonLine(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  nlohmann::ordered_json line;
  line["level"] = LevelName(level);
  line["message"] = message;
  for (const LogField& field : fields) line[field.key] = field.value;
  // A value with broken UTF-8 must not lose the line.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string PlainLine(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  std::string line = absl::StrCat(AbslView(LevelName(level)), " ", absl::Utf8SafeCEscape(AbslView(message)));
  for (const LogField& field : fields) {
    const bool quoted = field.value.empty() || field.value.find_first_of(" =\"") != std::string::npos;
    const std::string value = absl::Utf8SafeCEscape(field.value);
    absl::StrAppend(&line, " ", field.key, "=", quoted ? "\"" : "", value, quoted ? "\"" : "");
  }
  return line;
}

std::string FormatLine(LogFormat format, LogLevel level, std::string_view message,
                       const std::vector<LogField>& fields) {
  return format == LogFormat::kJson ? JsonLine(level, message, fields) : PlainLine(level, message, fields);
}

// As it is written: with the time in front, in JSON as the object's first member.
std::string WholeLine(LogFormat format, LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string line = FormatLine(format, level, message, fields);
  if (format == LogFormat::kPlain) return absl::StrCat(time, " ", line, "\n");
  return absl::StrCat(R"({"time":")", time, R"(",)", AbslView(std::string_view(line).substr(1)), "\n");
}

// The caller formats a line; the sink's thread writes it. No caller ever blocks on standard error.
class Logger {
 public:
  void Configure(LogLevel threshold, LogFormat format) {
    threshold_ = threshold;
    format_ = format;
  }

  bool Writes(LogLevel level) const { return level >= threshold_; }

  // Drops the line if there is no memory for it.
  void Write(LogLevel level, std::string_view message, const std::vector<LogField>& fields) noexcept {
    try {
      if (Admits(limiter_, level, message)) WriteLine(level, message, fields);
    } catch (const std::bad_alloc&) {
      sink_.CountDropped();
    }
  }

  bool AdmitRecord(LogLevel level, std::string_view kind) { return Admits(record_limiter_, level, kind); }
  void WriteRecord(LogLevel level, std::string_view message, const std::vector<LogField>& fields) noexcept {
    try {
      WriteLine(level, message, fields);
    } catch (const std::bad_alloc&) {
      sink_.CountDropped();
    }
  }

  void WriteText(std::string text) { sink_.Write(std::move(text)); }

  void Flush(std::chrono::milliseconds limit) { sink_.Flush(limit); }

 private:
  void WriteLine(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
    sink_.Write(WholeLine(format_, level, message, fields));
  }

  // Debug lines are not rate-limited.
  bool Admits(LogLimiter& limiter, LogLevel level, std::string_view message) {
    if (level == LogLevel::kDebug) return true;
    std::optional<steady_clock::time_point> report_at;
    const bool admitted = limiter.Admit(level, message, steady_clock::now(), &report_at);
    if (report_at.has_value()) sink_.WakeAt(*report_at);
    return admitted;
  }

  std::string DroppedLine(size_t lines) const {
    return WholeLine(format_, LogLevel::kWarning, "log lines were dropped: standard error did not take them",
                     {{"lines", absl::StrCat(lines)}});
  }

  std::vector<std::string> SuppressedLines() {
    std::vector<std::string> lines;
    for (LogLimiter* const limiter : {&limiter_, &record_limiter_}) {
      for (const LogLimiter::Suppressed& suppressed : limiter->TakeSuppressed(steady_clock::now())) {
        lines.push_back(WholeLine(format_, suppressed.level, "equal log lines were suppressed",
                                  {{"of", suppressed.message}, {"lines", absl::StrCat(suppressed.lines)}}));
      }
    }
    return lines;
  }

  std::atomic<LogLevel> threshold_ = LogLevel::kInfo;
  std::atomic<LogFormat> format_ = LogFormat::kPlain;
  LogLimiter limiter_{LogLimits()};
  LogLimiter record_limiter_{LogLimits{.lines = 100}};
  LogSink sink_{STDERR_FILENO,
                {.dropped_line = [this](size_t lines) { return DroppedLine(lines); },
                 .due_lines = [this] { return SuppressedLines(); }}};
};

Logger& GetLogger() {
  static auto* const kLogger = new Logger();  // never destroyed: detached work may log until the very end
  return *kLogger;
}

}  // namespace

void ConfigureLog(LogLevel threshold, LogFormat format) { GetLogger().Configure(threshold, format); }

bool LogEnabled(LogLevel level) { return GetLogger().Writes(level); }

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (LogEnabled(level)) GetLogger().Write(level, message, fields);
}

void Log(LogLevel level, const CallContext& context, std::string_view message, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  std::vector<LogField> all = {{"call", context.identity().call_id}, {"method", context.identity().method}};
  all.insert(all.end(), fields.begin(), fields.end());
  GetLogger().Write(level, message, all);
}

bool AdmitLogRecord(LogLevel level, std::string_view kind) {
  return LogEnabled(level) && GetLogger().AdmitRecord(level, kind);
}

void WriteLogRecord(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  if (LogEnabled(level)) GetLogger().WriteRecord(level, message, fields);
}

void WriteToLog(std::string text) { GetLogger().WriteText(std::move(text)); }

void FlushLog(std::chrono::milliseconds limit) { GetLogger().Flush(limit); }

void LogLastWords(std::string_view message, std::initializer_list<LogField> fields) {
  FlushLog();  // makes room in the queue
  Log(LogLevel::kError, message, fields);
  FlushLog();
  std::signal(SIGABRT, SIG_DFL);  // the following abort() must not log again (last_words.h)
}

std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields) {
  return FormatLine(format, level, message, fields);
}

}  // namespace daytonad
