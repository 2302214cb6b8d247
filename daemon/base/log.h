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

// Chooses form and threshold (before that: plain, from kInfo). Lines go to standard error. Throws std::system_error if
// there is no thread to write them.
void ConfigureLog(LogLevel threshold, LogFormat format);
bool LogEnabled(LogLevel level);

// One more fact of a log line.
struct LogField {
  LogField(std::string_view key, std::string_view value) : key(key), value(value) {}
  std::string key;
  std::string value;
};

// Writes one line. In JSON each field is a member of its own; in plain text "key=value". Values are escaped, so that a
// line is always one line. Thread-safe.
//
// Never waits for standard error: a thread of its own writes the lines (log_sink.h), and drops what is too much. Above
// kDebug, the same message comes so many times in ten seconds only, whatever its fields (log_limiter.h): so what varies
// goes into fields, and `message` stays the same.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// The same, with the call's id and method in front.
void Log(LogLevel level, const CallContext& context, std::string_view message,
         std::initializer_list<LogField> fields = {});

// Writes a text as it is, as one that belongs to no line of the log, in its turn. It brings its line end.
void WriteToLog(std::string text);

// Waits until all lines are written, at most for `limit`. To be called before the process ends, and in tests.
void FlushLog(std::chrono::milliseconds limit = std::chrono::seconds(1));

// An error before the process ends by abort(): written before this returns, unless standard error takes nothing.
void LogLastWords(std::string_view message, std::initializer_list<LogField> fields = {});

// The text of one line as it would be written, without the time: for tests of the form.
std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LOG_H_
