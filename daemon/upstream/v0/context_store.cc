#include "daemon/base/error.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {

Task<absl::StatusOr<std::unique_ptr<ContextStore>>> RestApi::OpenContextStore(CallContext) {
  co_return MakeError(absl::StatusCode::kFailedPrecondition, "NO_CONTEXT_STORE", "This upstream has no object storage.");
}

}  // namespace daytonad
