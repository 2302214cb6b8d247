#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_TEXT_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace daytonad {

// Is there a character in `text` that any reader of Dockerfiles takes for the end of a line (LF, VT, FF, CR, FS, GS,
// RS, U+0085, U+2028, U+2029), or a NUL?
bool HasLineBreak(std::string_view text);

// Is there white space in `text`, of Unicode's kind too?
bool HasSpace(std::string_view text);

// How many bytes the white space that `text` begins with takes, one character of it; 0 if it begins with none.
size_t LeadingSpace(std::string_view text);

// Without the white space at both ends, as Python's str.strip().
std::string_view StripSpace(std::string_view text);

// The text, or as much of it as an error message should quote.
std::string Shortened(std::string_view text);

// Quotes a word for a POSIX shell, as Python's shlex.quote.
std::string ShellQuote(std::string_view word);

// As a JSON string, quotes included, as Python's json.dumps writes it: what is not ASCII is escaped.
std::string AsciiJsonString(std::string_view text);

// As a JSON string, quotes included. Line breaks are escaped, other characters above ASCII stay as they are.
std::string JsonString(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_TEXT_H_
