#ifndef DAYTONAD_DAEMON_SERVICES_RPC_STREAM_WRITER_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_STREAM_WRITER_H_

#include "absl/status/status.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// Where a streaming handler's messages go.
template <typename Response>
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // Returns when gRPC has taken the message, so that a slow client slows its stream down. Several coroutines may write;
  // they take turns. CANCELLED once the client has gone, or the call was ended; DEADLINE_EXCEEDED if the message was
  // not taken within the call's limits. A client that takes nothing for --max-stall ends the call (STREAM_STALLED).
  virtual Task<absl::Status> Write(Response response) = 0;

  // From now on, writes end at this time at the latest, as at the call's deadline.
  virtual void EndBy(Clock::TimePoint limit) = 0;

  // The daemon is going down: the call was ended for that reason, and one last message may say so.
  virtual bool shutting_down() const = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_STREAM_WRITER_H_
