#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STORE_UPLOADS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STORE_UPLOADS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/net/admission.h"

namespace daytonad {

// All uploads of this daemon into the store: one at a time for each hash, so that the second finds what the first has
// stored, and a limited number altogether. Loop thread only.
class StoreUploads {
 public:
  // At most `limit` are sent at a time. The clock outlives it.
  StoreUploads(Clock& clock, size_t limit) : clock_(clock), sending_(limit) {}

  // Sees to it that the store has this hash. True: it had. Otherwise `tar` is read to its end and sent; if that fails
  // or the call ends, or reading ends in an error (which is returned), nothing is left in the store.
  Task<absl::StatusOr<bool>> MakePresent(CallContext context, ContextStore& store, std::string hash, ByteStream& tar);

  // How many hashes are being seen to.
  size_t size() const { return lines_.size(); }

 private:
  struct Line {
    Admission turns{1};
    int length = 0;
  };
  using Lines = std::map<std::string, Line>;
  class Place;

  Clock& clock_;
  Admission sending_;
  Lines lines_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STORE_UPLOADS_H_
