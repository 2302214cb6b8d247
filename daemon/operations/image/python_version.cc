#include "daemon/operations/image/python_version.h"

#include <array>
#include <regex>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

struct Series {
  std::string_view name;
  std::string_view release;
};

// In the order of the SDK's table; the last is what an empty version means.
constexpr std::array<Series, 5> kSeries = {
    {{"3.9", "3.9.22"}, {"3.10", "3.10.17"}, {"3.11", "3.11.12"}, {"3.12", "3.12.10"}, {"3.13", "3.13.3"}}};

// Longer ones are not versions, and std::regex recurses with the length of its subject.
constexpr size_t kMaxLength = 32;

}  // namespace

absl::StatusOr<std::string> PythonRelease(std::string_view version) {
  if (version.empty()) return std::string(kSeries.back().release);
  static const std::regex* const form = new std::regex(R"((3\.\d{1,2})((\.\d{1,2})?)((rc\d*)?))");
  std::match_results<std::string_view::const_iterator> parts;
  if (version.size() > kMaxLength || !std::regex_match(version.begin(), version.end(), parts, *form)) {
    return absl::InvalidArgumentError(absl::StrCat("Invalid Python version: '", AbslView(version), "'"));
  }
  const bool is_full = parts[2].length() > 0;
  const bool is_candidate = parts[4].length() > 0;
  for (const Series& series : kSeries) {
    if (series.name != parts[1].str()) continue;
    if (is_full) return std::string(version);
    if (!is_candidate) return std::string(series.release);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Unsupported Python version: '", AbslView(version),
                   "'. Daytona supports the following series: ['3.9', '3.10', '3.11', '3.12', '3.13']."));
}

}  // namespace daytonad
