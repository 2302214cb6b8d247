#include "emulator/base/options.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "emulator/base/text.h"

namespace daytonad::emulator {

absl::StatusOr<milliseconds> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(std::string(text), &duration) || duration < absl::ZeroDuration() ||
      duration > absl::Hours(24 * 365)) {
    return absl::InvalidArgumentError(
        StrCat("\"", text, "\" is not a duration: write a number with its unit, such as 250ms, 2s or 1m"));
  }
  return absl::ToChronoMilliseconds(duration);
}

absl::Status ParseRateLimit(std::string_view text, std::map<std::string, RateLimit>& limits) {
  static constexpr std::array<std::string_view, 5> kNames = {"anonymous", "authenticated", "failed-auth",
                                                             "sandbox-create", "sandbox-lifecycle"};
  const auto [name, budget] = SplitOnce(text, '=');
  const auto [requests, seconds] = SplitOnce(budget, '/');
  const auto limit = ParseInteger<std::int64_t>(requests);
  const auto window_s = ParseInteger<std::int64_t>(seconds.empty() ? "60" : seconds);
  const bool known = std::find(kNames.begin(), kNames.end(), name) != kNames.end();
  if (!known || limit.value_or(-1) < 0 || window_s.value_or(0) < 1) {
    return absl::InvalidArgumentError(
        StrCat("\"", text, "\" is not a rate limit: write NAME=REQUESTS/SECONDS with a NAME of ",
               "anonymous, authenticated, failed-auth, sandbox-create, sandbox-lifecycle"));
  }
  limits[std::string(name)] = {*limit, *window_s};
  return absl::OkStatus();
}

}  // namespace daytonad::emulator
