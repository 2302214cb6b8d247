#ifndef DAYTONAD_DAEMON_BASE_IDS_H_
#define DAYTONAD_DAEMON_BASE_IDS_H_

#include <string>
#include <string_view>

namespace daytonad {

// A random id for one call in this process: 16 hexadecimal digits. Thread-safe.
std::string NewCallId();

// Whether `text` has the form of a UUID. Some of upstream's routes take ids only, never names.
bool LooksLikeUuid(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_IDS_H_
