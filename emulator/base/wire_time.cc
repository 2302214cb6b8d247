#include "emulator/base/wire_time.h"

#include <algorithm>

#include "absl/time/time.h"

namespace daytonad::emulator {

std::string FormatTime(WallTime time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(time), absl::UTCTimeZone());
}

std::string FormatHttpTime(WallTime time) {
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::FromUnixMillis(time), absl::UTCTimeZone());
}

std::optional<WallTime> ParseTime(std::string_view text) {
  std::string plus(text);
  std::replace(plus.begin(), plus.end(), ' ', '+');
  absl::Time time;
  // %Ez takes "Z", "+00:00" and "+0000".
  for (const char* format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, plus, &time, nullptr)) return absl::ToUnixMillis(time);
  }
  return std::nullopt;
}

}  // namespace daytonad::emulator
