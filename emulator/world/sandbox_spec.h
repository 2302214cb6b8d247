#ifndef DAYTONAD_EMULATOR_WORLD_SANDBOX_SPEC_H_
#define DAYTONAD_EMULATOR_WORLD_SANDBOX_SPEC_H_

#include <optional>
#include <string>

#include "emulator/base/json.h"
#include "emulator/http/api_error.h"
#include "emulator/world/sandbox.h"
#include "emulator/world/snapshots.h"
#include "emulator/world/volumes.h"

namespace daytonad::emulator {

// Checks a create request and makes a sandbox of it that is not started yet. The name is the requested one, or empty.
Outcome<SandboxPtr> SandboxFromRequest(const Json& request, ApiVersion version, const Snapshots& snapshots,
                                       Volumes& volumes, WallTime now);

// What is wrong with a comma-separated list of networks or domains. Empty if nothing is.
std::string NetworkListFault(const std::string& list);
std::string DomainListFault(const std::string& list);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_SANDBOX_SPEC_H_
