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

// What a client says of a context before it sends it.
struct UploadHeader {
  std::string archive_path;
  int64_t size = 0;  // 0: not known
  std::string hash;  // empty: not known
};

struct UploadOutcome {
  std::string hash;
  bool existed = false;
};

// Takes the tar of a context from a client into upstream's store (build_service.proto, UploadBuildContext).
//
// With a hash the bytes go straight through and are checked on the way: the store shows nothing before the end, and
// there the hash has to be right. Without one, nobody knows the name for the first byte before the last one was seen,
// so they go to the spool first.
class StreamedUploads {
 public:
  // `spool` may be null: a hash is required then. A client that is idle for `max_idle` ends its upload. All of these
  // outlive it.
  StreamedUploads(BuildContextApi& api, WorkPool& pool, StoreUploads& uploads, Spool* spool, Clock& clock,
                  Clock::Duration max_idle)
      : api_(api), pool_(pool), uploads_(uploads), spool_(spool), clock_(clock), max_idle_(max_idle) {}

  Clock::Duration max_idle() const { return max_idle_; }
  // Until when a client has to send something that is asked for now.
  Clock::TimePoint idle_end() const { return clock_.Now() + max_idle_; }

  // Reads from `tar`, which outlives the call, no more than is needed.
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
