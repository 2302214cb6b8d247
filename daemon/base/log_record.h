#ifndef DAYTONAD_DAEMON_BASE_LOG_RECORD_H_
#define DAYTONAD_DAEMON_BASE_LOG_RECORD_H_

#include <string_view>
#include <vector>

#include "daemon/base/log.h"

// Log lines that are records: each of them counts, so that Log()'s limit of a few lines per message would lose what
// they are for.
namespace daytonad {

// Whether a record of this kind may be written now: 100 of a kind are written per ten seconds. The log reports those
// that were suppressed, under `kind`. Debug lines are not limited. Ask before collecting the fields: one caller can
// cause thousands a second.
bool AdmitLogRecord(LogLevel level, std::string_view kind);

// Writes a line like Log(), without a limit.
void WriteLogRecord(LogLevel level, std::string_view message, const std::vector<LogField>& fields);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LOG_RECORD_H_
