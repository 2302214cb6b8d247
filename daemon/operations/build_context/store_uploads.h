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

// What MakePresent() found.
enum class Presence {
  kStored,     // nothing, and the tar is there now
  kExisted,    // a tar of this hash, and nothing was sent
  kOtherSize,  // one of this hash, but of another size; nothing was sent
};

// Whose bytes an upload waits for.
enum class TarSource {
  kDaemon,  // files and memory, which have them at once
  kClient,  // a stream, whose client may send them or not
};

// All uploads of this daemon into the store: one at a time for each hash, so that the second finds what the first has
// stored, and a limited number altogether. A client's takes a turn when its first bytes are there, so that one who
// sends none is in nobody's way. Loop thread only.
class StoreUploads {
 public:
  // What clients have sent of uploads that wait for their turn.
  static constexpr size_t kMaxWaitingBytes = size_t{64} << 20;

  // At most `limit` are sent at a time. The clock outlives it.
  StoreUploads(Clock& clock, size_t limit) : clock_(clock), sending_(limit) {}

  // Sees to it that the store has this hash. If it has none, `tar` is read to its end and sent; if that fails or the
  // call ends, or reading ends in an error (which is returned), nothing is left in the store. `size` is that of `tar`;
  // 0: not known.
  //
  // Who waits for an upload of the same hash does not wait for ever: its client may be slow. UNAVAILABLE
  // (DAEMON_EXHAUSTED) if too much waits already.
  Task<absl::StatusOr<Presence>> MakePresent(CallContext context, ContextStore& store, std::string hash, int64_t size,
                                             ByteStream& tar, TarSource source);

  // How many hashes are being seen to.
  size_t size() const { return lines_.size(); }
  // Does somebody wait until another upload has ended?
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
  int in_line_ = 0;  // who wait for another upload of their hash
  size_t waiting_bytes_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_STORE_UPLOADS_H_
