#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_TEXT_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace daytonad {

// Whether `text` has a character that some reader of Dockerfiles treats as the end of a line (LF, VT, FF, CR, FS, GS,
// RS, U+0085, U+2028, U+2029), or a NUL.
bool HasLineBreak(std::string_view text);

// Whether `text` has white space, including Unicode's.
bool HasSpace(std::string_view text);

// The size in bytes of a white-space character at the start of `text`; 0 if there is none.
size_t LeadingSpace(std::string_view text);

// Without the white space at both ends, as Python's str.strip().
std::string_view StripSpace(std::string_view text);

// The text, cut to what an error message should quote.
std::string Shortened(std::string_view text);

// Quotes a word for a POSIX shell, as Python's shlex.quote.
std::string ShellQuote(std::string_view word);

// A JSON string, quotes included, as in Python's json.dumps: non-ASCII characters are escaped.
std::string AsciiJsonString(std::string_view text);

// A JSON string, quotes included. Line breaks are escaped, other non-ASCII characters are not.
std::string JsonString(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_TEXT_H_
