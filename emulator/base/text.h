#ifndef DAYTONAD_EMULATOR_BASE_TEXT_H_
#define DAYTONAD_EMULATOR_BASE_TEXT_H_

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Text functions on std::string_view. (Debian's Abseil has a string_view of its own, which does not convert.)
namespace daytonad::emulator {

// A piece of a text: text, or an integer in decimal.
class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}    // NOLINT
  Piece(const char* text) : text_(text) {}         // NOLINT
  Piece(const std::string& text) : text_(text) {}  // NOLINT
  template <std::integral T>
  Piece(T number) {  // NOLINT
    const char* const end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    text_ = std::string_view(digits_.data(), static_cast<std::size_t>(end - digits_.data()));
  }
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;

  std::string_view text() const { return text_; }

 private:
  std::array<char, 24> digits_{};
  std::string_view text_;
};

inline void AppendPieces(std::string& text, std::initializer_list<std::string_view> pieces) {
  std::size_t size = text.size();
  for (std::string_view piece : pieces) size += piece.size();
  // No more than needed, unless it grows again and again.
  if (size > text.capacity()) text.reserve(text.empty() ? size : std::max(size, 2 * text.capacity()));
  for (std::string_view piece : pieces) text += piece;
}

template <typename... Pieces>
void StrAppend(std::string& text, const Pieces&... pieces) {
  AppendPieces(text, {Piece(pieces).text()...});
}

template <typename... Pieces>
std::string StrCat(const Pieces&... pieces) {
  std::string text;
  StrAppend(text, pieces...);
  return text;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b);
bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix);
bool ContainsIgnoreCase(std::string_view text, std::string_view part);
bool Contains(std::string_view text, std::string_view part);
// Takes the prefix off, if it is there.
bool ConsumePrefix(std::string_view& text, std::string_view prefix);
std::string_view Trim(std::string_view text);
std::string Lower(std::string_view text);
std::string Without(std::string_view text, std::string_view characters);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string_view> Split(std::string_view text, char separator);
// At the first separator; the second part is empty if there is none.
std::pair<std::string_view, std::string_view> SplitOnce(std::string_view text, char separator);

// A decimal integer and nothing else.
template <std::integral T>
std::optional<T> ParseInteger(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_TEXT_H_
