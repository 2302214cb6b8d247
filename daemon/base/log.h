#ifndef DAYTONAD_DAEMON_BASE_LOG_H_
#define DAYTONAD_DAEMON_BASE_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace daytonad {

class CallContext;

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kPlain, kJson };

// Chooses form and threshold (before that: plain, from kInfo); lines go to standard error. Call once, before threads
// start.
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
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// The same, with the call's id and method in front.
void Log(LogLevel level, const CallContext& context, std::string_view message,
         std::initializer_list<LogField> fields = {});

// The text of one line as it would be written, without the time: for tests of the form.
std::string FormatLogLine(LogFormat format, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LOG_H_
