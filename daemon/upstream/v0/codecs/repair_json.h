#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_REPAIR_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_REPAIR_JSON_H_

#include <string>
#include <string_view>

namespace daytonad {

// Repairs slightly invalid JSON for a strict parser. Valid JSON is unchanged.
//
// Without repair, half an emoji in one error text would lose a list of a thousand objects. In strings, each invalid
// byte and each half of a surrogate pair becomes U+FFFD, as in the SDKs; control characters are escaped; a backslash
// that starts no escape stands for itself. Invalid numbers (NaN, Infinity, 1e999) become null. The structure (brackets,
// commas, quotes) is not repaired. Mostly invalid text stays broken, because each repair takes memory.
std::string RepairJson(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_REPAIR_JSON_H_
