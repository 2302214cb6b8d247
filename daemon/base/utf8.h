#ifndef DAYTONAD_DAEMON_BASE_UTF8_H_
#define DAYTONAD_DAEMON_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace daytonad {

// The length of the UTF-8 character at the beginning of `text`, which must not be empty; 0 if it is invalid: a stray
// byte, an overlong form, half of a surrogate pair, a value beyond U+10FFFF, or a truncated character.
size_t Utf8CharacterLength(std::string_view text);

// The text as valid UTF-8: each invalid byte becomes U+FFFD.
std::string ToValidUtf8(std::string_view text);

// The text if it has at most `max_bytes`; else its beginning and how much was cut, together at most `max_bytes`:
// "abc... (1234 bytes more)". Empty if there is not even room for that.
std::string Shortened(std::string_view text, size_t max_bytes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_UTF8_H_
