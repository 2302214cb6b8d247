#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_JSON_SHAPE_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_JSON_SHAPE_H_

#include <cstddef>
#include <string_view>

namespace daytonad {

// A parsed value takes up to fifty times the memory of its text, so untrusted text is measured before it is parsed.
inline constexpr size_t kMaxJsonDepth = 64;
inline constexpr size_t kMaxJsonValues = 500'000;

enum class JsonShape { kTolerable, kTooDeep, kTooManyValues };

// The nesting depth and the number of values of this text, which need not be valid.
JsonShape ShapeOfJson(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_JSON_SHAPE_H_
