#ifndef DAYTONAD_EMULATOR_STORAGE_XML_H_
#define DAYTONAD_EMULATOR_STORAGE_XML_H_

#include <optional>
#include <string>
#include <string_view>

namespace daytonad::emulator {

// The part of XML that object storage needs.

// "<name>text</name>", escaped.
std::string XmlElement(std::string_view name, std::string_view text);

// The content of the first element of that name, with or without attributes, or nothing. Removes what it read from
// `xml`. Elements of one name must not be nested.
std::optional<std::string_view> NextXmlElement(std::string_view& xml, std::string_view name);

// Undoes the five named entities and &#34;.
std::string XmlUnescape(std::string_view text);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_STORAGE_XML_H_
