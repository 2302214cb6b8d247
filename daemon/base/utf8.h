#ifndef DAYTONAD_DAEMON_BASE_UTF8_H_
#define DAYTONAD_DAEMON_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace daytonad {

// The length of the UTF-8 character at the beginning of `text`, which is not empty; 0 if there is none: a stray byte,
// an overlong form, half of a surrogate pair, what lies beyond U+10FFFF, or a character that is cut off.
size_t Utf8CharacterLength(std::string_view text);

// The text as valid UTF-8: each byte that belongs to no character becomes U+FFFD.
std::string ToValidUtf8(std::string_view text);

// The text if it has at most `max_bytes`; else as many of its first characters as leave room for how much was cut, so
// that the result has at most `max_bytes`: "abc... (1234 bytes more)". If there is no room for that either, it is
// empty.
std::string Shortened(std::string_view text, size_t max_bytes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_UTF8_H_
