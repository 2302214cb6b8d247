#ifndef DAYTONAD_EMULATOR_CONTROL_FORCE_SANDBOXES_H_
#define DAYTONAD_EMULATOR_CONTROL_FORCE_SANDBOXES_H_

#include "emulator/http/call.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

// POST /_emulator/sandboxes: forces a state on many sandboxes and reports when. The README has its form.
void ForceSandboxes(World& world, const Call& call);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_CONTROL_FORCE_SANDBOXES_H_
