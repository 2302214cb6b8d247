#ifndef DAYTONAD_EMULATOR_STORAGE_XML_H_
#define DAYTONAD_EMULATOR_STORAGE_XML_H_

#include <optional>
#include <string>
#include <string_view>

namespace daytonad::emulator {

// As much of XML as object storage takes.

// "<name>text</name>", escaped.
std::string XmlElement(std::string_view name, std::string_view text);

// The content of the first element of that name, attributes or not, or nothing. Takes what it has read off `xml`.
// Elements of one name must not be nested.
std::optional<std::string_view> NextXmlElement(std::string_view& xml, std::string_view name);

// Undoes the five named entities and &#34;.
std::string XmlUnescape(std::string_view text);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_STORAGE_XML_H_
