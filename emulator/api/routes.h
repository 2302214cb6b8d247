#ifndef DAYTONAD_EMULATOR_API_ROUTES_H_
#define DAYTONAD_EMULATOR_API_ROUTES_H_

#include <memory>

#include "emulator/http/router.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

// The API, under its base path.
void AddSandboxRoutes(Router& router, World& world);
void AddSandboxSettingRoutes(Router& router, World& world);
void AddPreviewRoutes(Router& router, World& world);
void AddSnapshotRoutes(Router& router, World& world);
void AddVolumeRoutes(Router& router, World& world);
void AddAccountRoutes(Router& router, World& world);

// Build logs on the API itself: the deprecated form.
void AddApiLogRoutes(Router& router, World& world);
// Build logs as the proxy serves them, outside the base path.
void AddProxyLogRoutes(Router& router, World& world);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_ROUTES_H_
