#ifndef DAYTONAD_EMULATOR_WORLD_SANDBOX_LIST_H_
#define DAYTONAD_EMULATOR_WORLD_SANDBOX_LIST_H_

#include <string>

#include "emulator/base/json.h"
#include "emulator/http/api_error.h"
#include "emulator/http/url.h"
#include "emulator/world/sandboxes.h"

namespace daytonad::emulator {

// GET /sandbox: filters, sort, cursor; answers {items, nextCursor} as text.
Outcome<std::string> ListSandboxes(const QueryParams& query, ApiVersion version, const Sandboxes& sandboxes);

// GET /sandbox/paginated, the deprecated form: numbered pages of whole sandboxes.
Outcome<Json> ListSandboxPages(const QueryParams& query, const Sandboxes& sandboxes);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_SANDBOX_LIST_H_
