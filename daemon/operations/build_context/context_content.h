#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_CONTENT_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_CONTENT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/operations/build_context/context_roots.h"
#include "daemon/operations/build_context/context_sink.h"
#include "daemon/operations/image/build_plan.h"

namespace daytonad {

// One pass through what a context consists of, in steps that a thread of the pool can take between others.
class ContextContent {
 public:
  virtual ~ContextContent() = default;

  // Gives the next entries and bytes to the sink: about kStepBytes, or some hundred entries. False: that was all.
  virtual absl::StatusOr<bool> Step(ContextSink& sink) = 0;
};

inline constexpr size_t kStepBytes = 1024 * 1024;

// Begins at the first entry. Source and roots outlive it. Not for an UploadedContext, whose content is not here.
std::unique_ptr<ContextContent> OpenContent(const ContextSource& source, const ContextRoots& roots);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_CONTENT_H_
