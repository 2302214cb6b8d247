#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_CLEAN_TEXT_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_CLEAN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace daytonad {

// Makes untrusted text fit for an error: valid UTF-8 (each invalid byte becomes U+FFFD), control characters replaced by
// spaces, trimmed, and at most `max_bytes` long, cut between characters.
std::string CleanText(std::string_view text, size_t max_bytes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_CLEAN_TEXT_H_
