#ifndef DAYTONAD_EMULATOR_BASE_WIRE_TIME_H_
#define DAYTONAD_EMULATOR_BASE_WIRE_TIME_H_

#include <optional>
#include <string>
#include <string_view>

#include "emulator/base/scheduler.h"

namespace daytonad::emulator {

// "2026-11-21T20:35:48.701Z", as the server writes it.
std::string FormatTime(WallTime time);

// "Sat, 21 Nov 2026 20:35:48 GMT", as in Last-Modified.
std::string FormatHttpTime(WallTime time);

// Reads ISO 8601 in the forms that the SDKs send: any fraction, offset as Z, +00:00 or +0000. Restores a '+' that query
// decoding turned into a space.
std::optional<WallTime> ParseTime(std::string_view text);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_WIRE_TIME_H_
