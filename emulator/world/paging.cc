#include "emulator/world/paging.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/absl_view.h"

namespace daytonad::emulator {

std::optional<std::int64_t> ReadInteger(const QueryParams& query, std::string_view name, std::int64_t minimum,
                                        std::optional<std::int64_t> maximum, std::vector<std::string>& complaints) {
  const auto text = query.Get(name);
  if (!text.has_value()) return std::nullopt;
  std::int64_t value = 0;
  const bool is_number = absl::SimpleAtoi(*text, &value);
  // A value that is not a number fails each comparison, like the server's NaN.
  if (maximum.has_value() && !(is_number && value <= *maximum)) {
    complaints.push_back(absl::StrCat(AbslView(name), " must not be greater than ", *maximum));
  }
  if (!(is_number && value >= minimum))
    complaints.push_back(absl::StrCat(AbslView(name), " must not be less than ", minimum));
  if (is_number) return value;
  complaints.push_back(absl::StrCat(AbslView(name), " must be an integer number"));
  return std::nullopt;
}

Outcome<PageRequest> ReadPage(const QueryParams& query) {
  std::vector<std::string> complaints;
  PageRequest request;
  request.page = static_cast<std::size_t>(ReadInteger(query, "page", 1, {}, complaints).value_or(1));
  request.limit = static_cast<std::size_t>(ReadInteger(query, "limit", 1, 200, complaints).value_or(100));
  if (!complaints.empty()) return BadRequest(absl::StrJoin(complaints, ", "));
  return request;
}

std::optional<ApiError> CheckOneOf(std::string_view name, const std::string& value,
                                   const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return std::nullopt;
  return BadRequest(
      absl::StrCat(AbslView(name), " must be one of the following values: ", absl::StrJoin(allowed, ", ")));
}

}  // namespace daytonad::emulator
