#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_JSON_SHAPE_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_JSON_SHAPE_H_

#include <cstddef>
#include <string_view>

namespace daytonad {

// A parsed value takes up to fifty times the bytes of its text, so text from outside is looked at before it is parsed.
inline constexpr size_t kMaxJsonDepth = 64;
inline constexpr size_t kMaxJsonValues = 500'000;

enum class JsonShape { kTolerable, kTooDeep, kTooManyValues };

// How deep the values of this text lie in one another, and how many there are. The text need not be valid.
JsonShape ShapeOfJson(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_JSON_SHAPE_H_
