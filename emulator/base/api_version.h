#ifndef DAYTONAD_EMULATOR_BASE_API_VERSION_H_
#define DAYTONAD_EMULATOR_BASE_API_VERSION_H_

#include <optional>
#include <string_view>

namespace daytonad::emulator {

// The server version whose shapes are served. 0.190 was observed running; what 0.226 adds is taken from the generated
// clients.
enum class ApiVersion { k0_190, k0_226 };

// "0.190", "0.226", or either with ".0".
std::optional<ApiVersion> ParseApiVersion(std::string_view text);

// As the server reports it: "0.190.0".
std::string_view ToText(ApiVersion version);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_API_VERSION_H_
