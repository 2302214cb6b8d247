#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CLEAN_TEXT_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CLEAN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace daytonad {

// The length of the UTF-8 character at the beginning of `text`, which is not empty; 0 if there is none.
size_t Utf8CharacterLength(std::string_view text);

// Text from outside, made fit for an error: valid UTF-8 (each wrong byte becomes U+FFFD), control characters replaced
// by spaces, no white space at its ends, and at most `max_bytes` long, cut between two characters.
std::string CleanText(std::string_view text, size_t max_bytes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CLEAN_TEXT_H_
