#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_CONTENT_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_CONTENT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/operations/build_context/context_roots.h"
#include "daemon/operations/build_context/context_sink.h"
#include "daemon/operations/image/build_plan.h"

namespace daytonad {

// One pass over a context's content, in steps short enough for a pool thread.
class ContextContent {
 public:
  virtual ~ContextContent() = default;

  // Passes the next entries and bytes to the sink: about kStepBytes, or some hundred entries. False at the end.
  virtual absl::StatusOr<bool> Step(ContextSink& sink) = 0;
};

inline constexpr size_t kStepBytes = 1024 * 1024;

// Starts at the first entry. Source and roots must outlive it. Not for an UploadedContext: the daemon does not have its
// content.
std::unique_ptr<ContextContent> OpenContent(const ContextSource& source, const ContextRoots& roots);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_CONTENT_H_
