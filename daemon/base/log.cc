#include "daemon/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/call_context.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

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

// Form and sink. spdlog does the writing, the locking and the time stamp; the fields are rendered here, because its
// patterns know no structured fields.
struct Logger {
  Logger() { Configure(LogLevel::kInfo, LogFormat::kPlain); }

  void Configure(LogLevel threshold, LogFormat new_format) {
    format = new_format;
    sink->set_level(ToSpdlog(threshold));
    sink->flush_on(spdlog::level::debug);
    // JSON lines begin with the time as a member of their own: the pattern opens the object.
    constexpr auto kUtc = spdlog::pattern_time_type::utc;
    sink->set_pattern(format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)" : "%Y-%m-%dT%H:%M:%S.%eZ %v",
                      kUtc);
  }

  LogFormat format = LogFormat::kPlain;
  std::shared_ptr<spdlog::logger> sink =
      std::make_shared<spdlog::logger>("daytonad", std::make_shared<spdlog::sinks::stderr_sink_mt>());
};

Logger& GetLogger() {
  static auto* const kLogger = new Logger();  // never destroyed: detached work may log until the very end
  return *kLogger;
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

void Write(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  Logger& logger = GetLogger();
  const std::string line = FormatLine(logger.format, level, message, fields);
  // In JSON without the first brace, which the pattern has.
  const std::string_view text = logger.format == LogFormat::kJson ? std::string_view(line).substr(1) : line;
  logger.sink->log(ToSpdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace

void ConfigureLog(LogLevel threshold, LogFormat format) { GetLogger().Configure(threshold, format); }

bool LogEnabled(LogLevel level) { return GetLogger().sink->should_log(ToSpdlog(level)); }

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (LogEnabled(level)) Write(level, message, fields);
}

void Log(LogLevel level, const CallContext& context, std::string_view message, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  std::vector<LogField> all = {{"call", context.identity().call_id}, {"method", context.identity().method}};
  all.insert(all.end(), fields.begin(), fields.end());
  Write(level, message, all);
}

std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields) {
  return FormatLine(format, level, message, fields);
}

}  // namespace daytonad
