#include "client/cli/text.h"

#include <clocale>
#include <cwchar>
#include <optional>
#include <string>
#include <string_view>

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
  int width = -1;  // negative: not fit for a terminal
};

// Takes the first character off `text`, which is not empty.
Character NextCharacter(std::string_view& text) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  const std::size_t size = std::mbrtowc(&wide, text.data(), text.size(), &state);
  Character character;
  if (size == 0 || size > text.size()) {  // a NUL, or not UTF-8
    character.bytes = text.substr(0, 1);
  } else {
    character = {text.substr(0, size), wcwidth(wide)};
  }
  text.remove_prefix(character.bytes.size());
  return character;
}

}  // namespace

std::string Printable(std::string_view text) {
  const Utf8Locale locale;
  std::string result;
  while (!text.empty()) {
    const Character character = NextCharacter(text);
    result += character.width < 0 ? kReplacement : character.bytes;
  }
  return result;
}

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
