#include "daemon/operations/image/text.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "daemon/base/absl_view.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

// The non-ASCII white space of Python's str.isspace(), in UTF-8.
constexpr std::array<std::string_view, 19> kWideSpaces = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
constexpr std::array<std::string_view, 3> kWideLineBreaks = {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};

bool IsSpace(char c) { return absl::ascii_isspace(c) || (c >= 0x1C && c <= 0x1F); }

bool IsLineBreak(char c) { return c == 0 || (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E); }

template <size_t kCount>
bool ContainsAny(std::string_view text, const std::array<std::string_view, kCount>& pieces) {
  return std::any_of(pieces.begin(), pieces.end(),
                     [&](std::string_view piece) { return text.find(piece) != std::string_view::npos; });
}

size_t TrailingSpace(std::string_view text) {
  if (text.empty()) return 0;
  if (IsSpace(text.back())) return 1;
  for (const std::string_view space : kWideSpaces) {
    if (absl::EndsWith(AbslView(text), AbslView(space))) return space.size();
  }
  return 0;
}

bool IsShellSafe(char c) {
  return absl::ascii_isalnum(c) || std::string_view("_@%+=:,./-").find(c) != std::string::npos;
}

}  // namespace

bool HasLineBreak(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsLineBreak) || ContainsAny(text, kWideLineBreaks);
}

bool HasSpace(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsSpace) || ContainsAny(text, kWideSpaces);
}

size_t LeadingSpace(std::string_view text) {
  if (text.empty()) return 0;
  if (IsSpace(text.front())) return 1;
  for (const std::string_view space : kWideSpaces) {
    if (text.substr(0, space.size()) == space) return space.size();
  }
  return 0;
}

std::string_view StripSpace(std::string_view text) {
  while (const size_t size = LeadingSpace(text)) text.remove_prefix(size);
  while (const size_t size = TrailingSpace(text)) text.remove_suffix(size);
  return text;
}

std::string Shortened(std::string_view text) {
  constexpr size_t kMaxSize = 400;
  if (text.size() <= kMaxSize) return std::string(text);
  size_t end = kMaxSize;
  // Do not cut within a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(AbslView(text.substr(0, end)), "...");
}

std::string ShellQuote(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), IsShellSafe)) return std::string(word);
  return absl::StrCat("'", absl::StrReplaceAll(AbslView(word), {{"'", "'\"'\"'"}}), "'");
}

std::string AsciiJsonString(std::string_view text) {
  return nlohmann::json(text).dump(/*indent=*/-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

std::string JsonString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return absl::StrReplaceAll(quoted,
                             {{"\xC2\x85", "\\u0085"}, {"\xE2\x80\xA8", "\\u2028"}, {"\xE2\x80\xA9", "\\u2029"}});
}

}  // namespace daytonad
