#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STREAM_READER_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STREAM_READER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// The messages of a client-streaming call.
template <typename Request>
class StreamReader {
 public:
  virtual ~StreamReader() = default;

  // Returns the next message; nullopt after the client's last one. Each message is read from the network only when it
  // is requested, so that a slow handler applies back-pressure. CANCELLED once the client has disconnected or the call
  // was ended; INVALID_ARGUMENT (UNPARSABLE_REQUEST) for bytes that are no message. One coroutine at a time.
  //
  // `context` is the call's, or one with an earlier deadline: after DEADLINE_EXCEEDED the next Read continues.
  virtual Task<absl::StatusOr<std::optional<Request>>> Read(CallContext context) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STREAM_READER_H_
