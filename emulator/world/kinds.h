#ifndef DAYTONAD_EMULATOR_WORLD_KINDS_H_
#define DAYTONAD_EMULATOR_WORLD_KINDS_H_

#include <string>
#include <vector>

#include "emulator/base/api_version.h"
#include "emulator/base/json.h"

// The names that a server version knows.
namespace daytonad::emulator {

const std::vector<std::string>& GpuTypes(ApiVersion version);
const std::vector<std::string>& SandboxClasses(ApiVersion version);

// A sandbox's create request without the members that the server does not know and ignores.
Json KnownMembers(ApiVersion version, Json request);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_KINDS_H_
