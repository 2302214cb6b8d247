#include "emulator/storage/xml.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"

namespace daytonad::emulator {
namespace {

constexpr std::array<std::pair<char, std::string_view>, 6> kEntities = {
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}, {'"', "&#34;"}}};

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    std::string_view written(&c, 1);
    for (const auto& [character, entity] : kEntities) {
      if (character != c) continue;
      written = entity;
      break;
    }
    escaped += written;
  }
  return escaped;
}

}  // namespace

std::string XmlElement(std::string_view name, std::string_view text) {
  return absl::StrCat("<", AbslView(name), ">", Escape(text), "</", AbslView(name), ">");
}

std::optional<std::string_view> NextXmlElement(std::string_view& xml, std::string_view name) {
  const std::string closing = absl::StrCat("</", AbslView(name), ">");
  for (auto at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    std::string_view rest = xml.substr(at + 1);
    if (!rest.starts_with(name)) continue;
    rest.remove_prefix(name.size());
    if (rest.find_first_of("> \t\r\n") != 0) continue;
    const auto begin = rest.find('>');
    const auto end = rest.find(closing);
    if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    xml = rest.substr(end + closing.size());
    return rest.substr(begin + 1, end - begin - 1);
  }
  return std::nullopt;
}

std::string XmlUnescape(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    bool entity = false;
    for (const auto& [character, name] : kEntities) {
      if (!text.starts_with(name)) continue;
      text.remove_prefix(name.size());
      result += character;
      entity = true;
      break;
    }
    if (entity) continue;
    result += text.front();
    text.remove_prefix(1);
  }
  return result;
}

}  // namespace daytonad::emulator
