// Reading a pyproject.toml.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/operations/image/pyproject.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(daytonad::PyprojectDependencies(text, {"dev", "x"}));
  return 0;
}
