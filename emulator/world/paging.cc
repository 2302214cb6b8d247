#include "emulator/world/paging.h"

#include <algorithm>

#include "emulator/base/text.h"

namespace daytonad::emulator {

std::optional<std::int64_t> ReadInteger(const QueryParams& query, std::string_view name, std::int64_t minimum,
                                        std::optional<std::int64_t> maximum, std::vector<std::string>& complaints) {
  const auto text = query.Get(name);
  if (!text.has_value()) return std::nullopt;
  const auto value = ParseInteger<std::int64_t>(*text);
  // Comparisons with none are false, as they are with the server's NaN.
  if (maximum.has_value() && !(value.has_value() && *value <= *maximum)) {
    complaints.push_back(StrCat(name, " must not be greater than ", *maximum));
  }
  if (!(value.has_value() && *value >= minimum)) complaints.push_back(StrCat(name, " must not be less than ", minimum));
  if (!value.has_value()) complaints.push_back(StrCat(name, " must be an integer number"));
  return value;
}

Outcome<PageRequest> ReadPage(const QueryParams& query) {
  std::vector<std::string> complaints;
  PageRequest request;
  request.page = static_cast<std::size_t>(ReadInteger(query, "page", 1, {}, complaints).value_or(1));
  request.limit = static_cast<std::size_t>(ReadInteger(query, "limit", 1, 200, complaints).value_or(100));
  if (!complaints.empty()) return BadRequest(Join(complaints, ", "));
  return request;
}

std::optional<ApiError> CheckOneOf(std::string_view name, const std::string& value,
                                   const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return std::nullopt;
  return BadRequest(StrCat(name, " must be one of the following values: ", Join(allowed, ", ")));
}

}  // namespace daytonad::emulator
