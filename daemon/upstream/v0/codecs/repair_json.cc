#include "daemon/upstream/v0/codecs/repair_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/utf8.h"
#include "daemon/upstream/v0/codecs/clean_text.h"

namespace daytonad {
namespace {

constexpr std::string_view kEscapedReplacement = "\\ufffd";
constexpr size_t kUnicodeEscape = 6;  // "\uXXXX"
// Each repair takes up to six times what it replaces. This much is for places here and there, not for noise.
constexpr size_t kMaxGrowth = size_t{64} << 10;

// The number in "\uXXXX" at the beginning of `text`.
std::optional<uint32_t> UnicodeEscape(std::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  const std::string_view digits = text.substr(2, 4);
  const auto is_hex = [](unsigned char c) { return absl::ascii_isxdigit(c); };
  uint32_t number = 0;
  if (!std::all_of(digits.begin(), digits.end(), is_hex) || !absl::SimpleHexAtoi(AbslView(digits), &number)) {
    return std::nullopt;
  }
  return number;
}

bool IsHighSurrogate(uint32_t number) { return number >= 0xD800 && number <= 0xDBFF; }
bool IsLowSurrogate(uint32_t number) { return number >= 0xDC00 && number <= 0xDFFF; }

bool IsPartOfToken(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
}

class Repair {
 public:
  explicit Repair(std::string_view text) : rest_(text), most_(text.size() + kMaxGrowth) { out_.reserve(text.size()); }

  std::string Run() {
    while (!rest_.empty() && out_.size() <= most_) {
      if (rest_.front() == '"') {
        TakeString();
      } else if (IsPartOfToken(rest_.front())) {
        TakeToken();
      } else {
        Keep(1);
      }
    }
    return std::move(out_);
  }

 private:
  void Keep(size_t size) {
    out_ += rest_.substr(0, size);
    rest_.remove_prefix(std::min(size, rest_.size()));
  }
  void Replace(size_t size, std::string_view by) {
    out_ += by;
    rest_.remove_prefix(std::min(size, rest_.size()));
  }

  void TakeString() {
    Keep(1);
    while (!rest_.empty() && rest_.front() != '"' && out_.size() <= most_) {
      if (rest_.front() == '\\') {
        TakeEscape();
      } else {
        TakeCharacter();
      }
    }
    Keep(1);
  }

  void TakeCharacter() {
    const size_t length = Utf8CharacterLength(rest_);
    const auto first = static_cast<unsigned char>(rest_.front());
    if (length == 0) {
      Replace(1, kEscapedReplacement);
    } else if (first < 0x20) {
      Replace(1, absl::StrCat("\\u", absl::Hex(first, absl::kZeroPad4)));
    } else {
      Keep(length);
    }
  }

  void TakeEscape() {
    const std::optional<uint32_t> number = UnicodeEscape(rest_);
    if (number.has_value() && IsHighSurrogate(*number)) {
      const std::optional<uint32_t> other = UnicodeEscape(rest_.substr(kUnicodeEscape));
      if (other.has_value() && IsLowSurrogate(*other)) return Keep(2 * kUnicodeEscape);
      return Replace(kUnicodeEscape, kEscapedReplacement);
    }
    if (number.has_value()) {
      return IsLowSurrogate(*number) ? Replace(kUnicodeEscape, kEscapedReplacement) : Keep(kUnicodeEscape);
    }
    const bool known = rest_.size() > 1 && absl::StrContains("\"\\/bfnrt", rest_[1]);
    if (known) return Keep(2);
    Replace(1, "\\\\");
  }

  void TakeToken() {
    const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), IsPartOfToken);
    const auto size = static_cast<size_t>(end - rest_.begin());
    double number = 0;
    const bool is_number = absl::SimpleAtod(AbslView(rest_.substr(0, size)), &number);
    if (is_number && !std::isfinite(number)) return Replace(size, "null");
    Keep(size);
  }

  std::string_view rest_;
  const size_t most_;
  std::string out_;
};

}  // namespace

std::string RepairJson(std::string_view text) { return Repair(text).Run(); }

}  // namespace daytonad
