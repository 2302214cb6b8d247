#include "emulator/base/options.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"

namespace daytonad::emulator {

absl::StatusOr<milliseconds> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(std::string(text), &duration) || duration < absl::ZeroDuration() ||
      duration > absl::Hours(24 * 365)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", AbslView(text), "\" is not a duration: write a number with its unit, such as 250ms, 2s or 1m"));
  }
  return absl::ToChronoMilliseconds(duration);
}

absl::Status ParseRateLimit(std::string_view text, std::map<std::string, RateLimit>& limits) {
  static constexpr std::array<std::string_view, 5> kNames = {"anonymous", "authenticated", "failed-auth",
                                                             "sandbox-create", "sandbox-lifecycle"};
  const std::pair<std::string, std::string> parts = absl::StrSplit(AbslView(text), absl::MaxSplits('=', 1));
  const std::pair<std::string, std::string> budget = absl::StrSplit(parts.second, absl::MaxSplits('/', 1));
  const bool known = std::find(kNames.begin(), kNames.end(), parts.first) != kNames.end();
  RateLimit read;
  const bool has_limit = absl::SimpleAtoi(budget.first, &read.limit) && read.limit >= 0;
  const bool has_window =
      budget.second.empty() || (absl::SimpleAtoi(budget.second, &read.window_s) && read.window_s >= 1);
  if (!known || !has_limit || !has_window) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", AbslView(text), "\" is not a rate limit: write NAME=REQUESTS/SECONDS with a NAME of ",
                     "anonymous, authenticated, failed-auth, sandbox-create, sandbox-lifecycle"));
  }
  limits[parts.first] = read;
  return absl::OkStatus();
}

}  // namespace daytonad::emulator
