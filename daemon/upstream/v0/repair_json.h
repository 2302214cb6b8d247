#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_REPAIR_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_REPAIR_JSON_H_

#include <string>
#include <string_view>

namespace daytonad {

// JSON as sloppy writers send it, made fit for a strict parser. What is valid stays as it is.
//
// Naively one answer with half an emoji in an error text is no JSON at all, and a list of a thousand objects is lost.
// So in strings each wrong byte and each half of a surrogate pair becomes U+FFFD, as in the SDKs, control characters
// are escaped, and a backslash that begins no escape stands for itself; numbers that are none (NaN, Infinity, 1e999)
// become null. The frame (brackets, commas, quotes) is not touched: if that is broken, so is the text. Text in which
// hardly anything is valid stays broken, since each repair takes memory.
std::string RepairJson(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_REPAIR_JSON_H_
