#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STORE_UPLOADS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STORE_UPLOADS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/admission.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// The outcome of MakePresent().
enum class Presence {
  kStored,     // the store had no tar of this hash; it was sent
  kExisted,    // the store had a tar of this hash; nothing was sent
  kOtherSize,  // the store had one of this hash and another size; nothing was sent
};

// Where an upload's bytes come from.
enum class TarSource {
  kDaemon,  // files and memory, available at once
  kClient,  // a stream, whose client may be slow
};

// All uploads of this daemon to the store: one at a time per hash, so that the second one finds what the first has
// stored, and a limited number in total. A client's upload queues only once its first bytes have arrived, so that an
// idle client blocks nobody. Loop thread only.
class StoreUploads {
 public:
  // The limit of bytes from clients whose uploads are queued.
  static constexpr size_t kMaxWaitingBytes = size_t{64} << 20;

  // At most `limit` uploads are sent at a time. The clock must outlive it.
  StoreUploads(Clock& clock, size_t limit) : clock_(clock), sending_(limit) {}

  // Uploads the tar unless the store has this hash. If sending or reading fails (that error is returned), or the call
  // ends, nothing is left in the store. `size` is that of `tar`; 0: not known.
  //
  // The wait for an upload of the same hash is bounded, because that client may be slow. UNAVAILABLE (DAEMON_EXHAUSTED)
  // if too many bytes are queued already.
  Task<absl::StatusOr<Presence>> MakePresent(CallContext context, ContextStore& store, std::string hash, int64_t size,
                                             ByteStream& tar, TarSource source);

  // The number of hashes with uploads in progress.
  size_t size() const { return lines_.size(); }
  // Whether an upload waits for another one to end.
  bool crowded() const { return sending_.waiting() > 0 || in_line_ > 0; }

 private:
  struct Line {
    Admission turns{1};
    int length = 0;
    bool stored = false;
  };
  using Lines = std::map<std::string, Line>;
  class Place;
  class WaitingBytes;

  Clock& clock_;
  Admission sending_;
  Lines lines_;
  int in_line_ = 0;  // uploads that wait for another one of their hash
  size_t waiting_bytes_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STORE_UPLOADS_H_
