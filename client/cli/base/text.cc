#include "client/cli/base/text.h"

#include <algorithm>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <cwchar>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

namespace daytonad::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// Makes the C library read UTF-8 in this thread, whatever the environment's locale is.
class Utf8Locale {
 public:
  Utf8Locale() : before_(uselocale(Shared())) {}
  ~Utf8Locale() { uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t Shared() {
    static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kLocale;
  }

  locale_t before_;
};

struct Character {
  std::string_view bytes;
  int width = -1;  // negative: unsafe for a terminal
  wchar_t code = 0;
};

// Characters that can make a text look like another one: bidirectional controls, line breaks, invisible characters. The
// joiners are not among them: some scripts, and emoji, need them.
bool IsDeceptive(wchar_t code) {
  struct Range {
    wchar_t first;
    wchar_t last;
  };
  constexpr Range kRanges[] = {{0x00AD, 0x00AD}, {0x061C, 0x061C},  {0x180E, 0x180E}, {0x200B, 0x200B},
                               {0x200E, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F}, {0xFEFF, 0xFEFF},
                               {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
  return std::ranges::any_of(kRanges, [code](const Range& range) { return range.first <= code && code <= range.last; });
}

// The escape that JSON and C use.
std::string Escape(wchar_t code) {
  const auto unit = [](char32_t value) { return absl::StrFormat("\\u%04x", static_cast<std::uint32_t>(value)); };
  const auto value = static_cast<char32_t>(code);
  if (value < 0x10000) return unit(value);
  return unit(0xD800 + ((value - 0x10000) >> 10)) + unit(0xDC00 + ((value - 0x10000) & 0x3FF));
}

// The length of the colour sequence (ESC [ numbers m) at the start of `text`. 0: none; nullopt: only further bytes can
// tell.
std::optional<std::size_t> ColourLength(std::string_view text) {
  constexpr std::size_t kLongest = 32;
  if (!std::string_view("\x1b[").starts_with(text.substr(0, 2))) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  if (end == std::string_view::npos || text.size() < 2) {
    return text.size() < kLongest ? std::nullopt : std::optional<std::size_t>(0);
  }
  return text[end] == 'm' ? end + 1 : 0;
}

// Removes the first character from `text`, which must not be empty.
Character NextCharacter(std::string_view& text) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  const std::size_t size = std::mbrtowc(&wide, text.data(), text.size(), &state);
  Character character;
  if (size == 0 || size > text.size()) {  // a NUL, or not UTF-8
    character.bytes = text.substr(0, 1);
  } else {
    character = {text.substr(0, size), wcwidth(wide), wide};
  }
  text.remove_prefix(character.bytes.size());
  return character;
}

// Whether `text` begins with an incomplete character.
bool IsCutOff(std::string_view text) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  return std::mbrtowc(&wide, text.data(), text.size(), &state) == static_cast<std::size_t>(-2);
}

void AppendPrintable(const Character& character, std::string& result) {
  if (IsDeceptive(character.code)) {
    result += Escape(character.code);
  } else {
    result += character.width < 0 ? kReplacement : character.bytes;
  }
}

}  // namespace

std::string Printable(std::string_view text) {
  const Utf8Locale locale;
  std::string result;
  while (!text.empty()) {
    AppendPrintable(NextCharacter(text), result);
  }
  return result;
}

std::string PrintableJson(std::string_view json) {
  const Utf8Locale locale;
  std::string result;
  while (!json.empty()) {
    const Character character = NextCharacter(json);
    if (IsDeceptive(character.code)) {
      result += Escape(character.code);
    } else {
      result += character.bytes;
    }
  }
  return result;
}

std::string TerminalLog::Take(std::string_view piece) {
  const Utf8Locale locale;
  const std::string all = std::exchange(held_, {}) + std::string(piece);
  std::string_view rest = all;
  std::string result;
  while (!rest.empty()) {
    const std::optional<std::size_t> colour = ColourLength(rest);
    if (!colour.has_value() || IsCutOff(rest)) {
      held_ = rest;
      break;
    }
    if (*colour > 0 || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '\t') {
      const std::size_t passes = std::max<std::size_t>(*colour, 1);
      result += rest.substr(0, passes);
      rest.remove_prefix(passes);
    } else {
      AppendPrintable(NextCharacter(rest), result);
    }
  }
  return result;
}

std::string TerminalLog::Rest() { return Printable(std::exchange(held_, {})); }

std::optional<int> LinesBeforeNonUtf8(std::string_view text) {
  const Utf8Locale locale;
  int lines = 0;
  while (!text.empty()) {
    const Character character = NextCharacter(text);
    if (character.bytes.size() == 1 && static_cast<unsigned char>(character.bytes[0]) >= 0x80) return lines;
    if (character.bytes == "\n") ++lines;
  }
  return std::nullopt;
}

int DisplayWidth(std::string_view printable) {
  const Utf8Locale locale;
  int width = 0;
  while (!printable.empty()) width += NextCharacter(printable).width;
  return width;
}

std::string CutTo(std::string_view printable, int width) {
  if (DisplayWidth(printable) <= width) return std::string(printable);
  const Utf8Locale locale;
  std::string result;
  int used = 0;
  while (!printable.empty()) {
    const Character character = NextCharacter(printable);
    if (used + character.width > width - 1) break;
    used += character.width;
    result += character.bytes;
  }
  return width > 0 ? result.append(kEllipsis) : result;
}

}  // namespace daytonad::cli
