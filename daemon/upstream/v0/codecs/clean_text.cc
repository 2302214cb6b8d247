#include "daemon/upstream/v0/codecs/clean_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "daemon/base/utf8.h"

namespace daytonad {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

std::string CleanText(std::string_view text, size_t max_bytes) {
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  std::string clean;
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    std::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    if (length == 1 && absl::ascii_iscntrl(static_cast<unsigned char>(text[0]))) character = " ";
    if (clean.size() + character.size() > max_bytes) break;
    clean += character;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  absl::StripTrailingAsciiWhitespace(&clean);
  return clean;
}

}  // namespace daytonad
