#include "emulator/http/url.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "daemon/base/absl_view.h"

namespace daytonad::emulator {
namespace {

std::string Decode(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      result.push_back(static_cast<char>(value));
      i += 2;
    } else {
      result.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return result;
}

}  // namespace

std::string DecodePath(std::string_view text) { return Decode(text, /*plus_is_space=*/false); }
std::string DecodeQuery(std::string_view text) { return Decode(text, /*plus_is_space=*/true); }

QueryParams::QueryParams(std::string_view query) {
  for (absl::string_view part : absl::StrSplit(AbslView(query), '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    pairs_.emplace_back(DecodeQuery(pair.first), DecodeQuery(pair.second));
  }
}

std::optional<std::string> QueryParams::Get(std::string_view name) const {
  const auto last = std::find_if(pairs_.rbegin(), pairs_.rend(), [&](const auto& pair) { return pair.first == name; });
  if (last == pairs_.rend()) return std::nullopt;
  return last->second;
}

std::vector<std::string> QueryParams::GetAll(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

}  // namespace daytonad::emulator
