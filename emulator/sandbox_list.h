#ifndef DAYTONAD_EMULATOR_SANDBOX_LIST_H_
#define DAYTONAD_EMULATOR_SANDBOX_LIST_H_

#include <string>

#include "emulator/api_error.h"
#include "emulator/json.h"
#include "emulator/sandboxes.h"
#include "emulator/url.h"

namespace daytonad::emulator {

// GET /sandbox: filters, sort, cursor; answers {items, nextCursor} as text.
Outcome<std::string> ListSandboxes(const QueryParams& query, ApiVersion version, const Sandboxes& sandboxes);

// GET /sandbox/paginated, the deprecated form: numbered pages of whole sandboxes.
Outcome<Json> ListSandboxPages(const QueryParams& query, const Sandboxes& sandboxes);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_SANDBOX_LIST_H_
