#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STREAMED_UPLOADS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STREAMED_UPLOADS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/net/work_pool.h"
#include "daemon/operations/build_context/spool.h"
#include "daemon/operations/build_context/store_uploads.h"

namespace daytonad {

// What a client announces before it sends a context.
struct UploadHeader {
  std::string archive_path;
  int64_t size = 0;  // 0: not known
  std::string hash;  // empty: not known
};

struct UploadOutcome {
  std::string hash;
  bool existed = false;
};

// Streams the tar of a context from a client to upstream's store (build_service.proto, UploadBuildContext).
//
// With a hash, the bytes go through directly and are checked on the way: the store shows the object only at the end, if
// the hash is right. Without one, the object's name is known only after the last byte, so the bytes go to the spool
// first.
class StreamedUploads {
 public:
  // If `spool` is null, a hash is required. An upload ends if its client is idle for `max_idle`. All of these must
  // outlive it.
  StreamedUploads(BuildContextApi& api, WorkPool& pool, StoreUploads& uploads, Spool* spool, Clock& clock,
                  Clock::Duration max_idle)
      : api_(api), pool_(pool), uploads_(uploads), spool_(spool), clock_(clock), max_idle_(max_idle) {}

  Clock::Duration max_idle() const { return max_idle_; }
  // The deadline for a client's message that is requested now.
  Clock::TimePoint idle_end() const { return clock_.Now() + max_idle_; }

  // Reads no more from `tar` than needed. `tar` must outlive the call.
  Task<absl::StatusOr<UploadOutcome>> Upload(CallContext context, UploadHeader header, ByteStream& tar);

 private:
  Task<absl::StatusOr<UploadOutcome>> SendThrough(CallContext context, UploadHeader header, ByteStream& tar);
  Task<absl::StatusOr<UploadOutcome>> SpoolAndSend(CallContext context, UploadHeader header, ByteStream& tar,
                                                   SpoolFile& file);

  BuildContextApi& api_;
  WorkPool& pool_;
  StoreUploads& uploads_;
  Spool* const spool_;
  Clock& clock_;
  const Clock::Duration max_idle_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STREAMED_UPLOADS_H_
