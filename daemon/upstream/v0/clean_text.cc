#include "daemon/upstream/v0/clean_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"

namespace daytonad {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

size_t Utf8CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : (first & 0xF0) == 0xE0         ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

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
