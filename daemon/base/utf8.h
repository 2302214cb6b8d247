#ifndef DAYTONAD_DAEMON_BASE_UTF8_H_
#define DAYTONAD_DAEMON_BASE_UTF8_H_

#include <cstddef>
#include <string_view>

namespace daytonad {

// The length of the UTF-8 character at the beginning of `text`, which is not empty; 0 if there is none: a stray byte,
// an overlong form, half of a surrogate pair, what lies beyond U+10FFFF, or a character that is cut off.
size_t Utf8CharacterLength(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_UTF8_H_
