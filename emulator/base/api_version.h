#ifndef DAYTONAD_EMULATOR_BASE_API_VERSION_H_
#define DAYTONAD_EMULATOR_BASE_API_VERSION_H_

#include <optional>
#include <string_view>

namespace daytonad::emulator {

// Which server's shapes are served. 0.190 was seen running; what 0.226 has beyond it is read off the generated clients.
enum class ApiVersion { k0_190, k0_226 };

// "0.190", "0.226", or either with ".0".
std::optional<ApiVersion> ParseApiVersion(std::string_view text);

// As the server tells it: "0.190.0".
std::string_view ToText(ApiVersion version);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_API_VERSION_H_
