#ifndef DAYTONAD_DAEMON_BASE_LOG_H_
#define DAYTONAD_DAEMON_BASE_LOG_H_

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace daytonad {

class CallContext;

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kPlain, kJson };

// Sets format and threshold (default: plain, kInfo). Lines go to standard error. Throws std::system_error if the
// writer's thread cannot be started.
void ConfigureLog(LogLevel threshold, LogFormat format);
bool LogEnabled(LogLevel level);

// A field of a log line.
struct LogField {
  LogField(std::string_view key, std::string_view value) : key(key), value(value) {}
  std::string key;
  std::string value;
};

// Writes one line. In JSON each field is a member; in plain text it is "key=value". Values are escaped, so that an
// entry is always one line. Thread-safe.
//
// Never blocks on standard error: a separate thread writes the lines (log_sink.h) and drops what exceeds its limits.
// Above kDebug, lines with the same message are rate-limited, whatever their fields (log_limiter.h): so variable parts
// belong into fields, and `message` stays constant.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// The same, preceded by the call's id and method.
void Log(LogLevel level, const CallContext& context, std::string_view message,
         std::initializer_list<LogField> fields = {});

// Writes a text unchanged, in order with the log's lines. The text includes its line end.
void WriteToLog(std::string text);

// Waits until all lines are written, at most for `limit`. For the end of the process, and for tests.
void FlushLog(std::chrono::milliseconds limit = std::chrono::seconds(1));

// Logs an error before abort(): it is written before this returns, unless standard error blocks.
void LogLastWords(std::string_view message, std::initializer_list<LogField> fields = {});

// The text of a line without its time: for tests of the format.
std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LOG_H_
