#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STREAM_WRITER_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STREAM_WRITER_H_

#include "absl/status/status.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// Writes the messages of a streaming handler.
template <typename Response>
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // Returns when gRPC has written the message, so that a slow client applies back-pressure. Several coroutines may
  // write; their writes are serialised. CANCELLED once the client has disconnected or the call was ended;
  // DEADLINE_EXCEEDED if the message was not written within the call's limits. A client that reads nothing for
  // --max-stall ends the call (STREAM_STALLED).
  virtual Task<absl::Status> Write(Response response) = 0;

  // Sets an earlier deadline for all further writes.
  virtual void EndBy(Clock::TimePoint limit) = 0;

  // Whether the daemon's shutdown ended the call; one last message may say so.
  virtual bool shutting_down() const = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STREAM_WRITER_H_
