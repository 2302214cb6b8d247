#include "daemon/upstream/v0/codecs/json_shape.h"

#include <algorithm>

namespace daytonad {
namespace {

// What is behind the string whose text this is, without its first quotation mark.
std::string_view SkipString(std::string_view text) {
  while (true) {
    const size_t end = text.find_first_of("\"\\");
    if (end == std::string_view::npos) return {};
    const bool escape = text[end] == '\\';
    text.remove_prefix(std::min(end + (escape ? 2 : 1), text.size()));
    if (!escape) return text;
  }
}

}  // namespace

JsonShape ShapeOfJson(std::string_view text) {
  size_t depth = 0;
  size_t values = 0;
  while (!text.empty()) {
    const char first = text.front();
    text.remove_prefix(1);
    switch (first) {
      case '"':
        text = SkipString(text);
        break;
      case '[':
      case '{':
        if (++depth > kMaxJsonDepth) return JsonShape::kTooDeep;
        if (++values > kMaxJsonValues) return JsonShape::kTooManyValues;
        break;
      case ']':
      case '}':
        if (depth > 0) --depth;
        break;
      case ',':
        if (++values > kMaxJsonValues) return JsonShape::kTooManyValues;
        break;
      default:
        break;
    }
  }
  return JsonShape::kTolerable;
}

}  // namespace daytonad
