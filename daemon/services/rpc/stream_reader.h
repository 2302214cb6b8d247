#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STREAM_READER_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STREAM_READER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// Where a client-streaming handler's messages come from.
template <typename Request>
class StreamReader {
 public:
  virtual ~StreamReader() = default;

  // The next message; nullopt when the client has sent its last one. The one after it is read from the network only
  // when it is asked for, so that a slow handler slows its client down. CANCELLED once the client has gone or the call
  // is ended; INVALID_ARGUMENT (UNPARSABLE_REQUEST) for bytes that are no message. One coroutine at a time.
  //
  // `context` is the call's, perhaps with an earlier deadline: DEADLINE_EXCEEDED then, and the next Read goes on.
  virtual Task<absl::StatusOr<std::optional<Request>>> Read(CallContext context) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STREAM_READER_H_
