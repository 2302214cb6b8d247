#include "emulator/base/api_version.h"

namespace daytonad::emulator {

std::optional<ApiVersion> ParseApiVersion(std::string_view text) {
  if (text == "0.190" || text == "0.190.0") return ApiVersion::k0_190;
  if (text == "0.226" || text == "0.226.0") return ApiVersion::k0_226;
  return std::nullopt;
}

std::string_view ToText(ApiVersion version) { return version == ApiVersion::k0_190 ? "0.190.0" : "0.226.0"; }

}  // namespace daytonad::emulator
