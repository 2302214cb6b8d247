#include "daemon/base/ids.h"

#include <cctype>
#include <cstdint>
#include <random>

#include "absl/strings/str_format.h"

namespace daytonad {

std::string NewCallId() {
  // Unique, not secret: a generator per thread, seeded once, costs nothing on the way of a call.
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return absl::StrFormat("%016x", static_cast<uint64_t>(generator()));
}

bool LooksLikeUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

}  // namespace daytonad
