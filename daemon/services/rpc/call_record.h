#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CALL_RECORD_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CALL_RECORD_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/effect.h"

namespace daytonad {

// What is known of a call when it has ended. Views are valid during CallRecordSink::Write.
struct CallRecord {
  // "daytonad.v1.DaytonaService/StartSandbox".
  std::string_view method;
  Effect effect = Effect::kRead;
  const Caller& caller;
  // The id or name in the request; empty: the call is not about one object, or was rejected before its request was
  // read.
  std::string_view object{};
  // As the client gets it.
  const absl::Status& status;
  // From its arrival until its answer is passed to gRPC.
  Clock::Duration duration{};
  // Unset: the call is no read that the cache may answer.
  std::optional<ReadSource> read_source{};
  // Requests sent to upstream for this call, each retry counted.
  int upstream_attempts = 0;
  // As in the other log lines of the call; empty if it ended before it had one: rejected at its arrival, or answered
  // from the cache.
  std::string_view call_id{};
  // Empty: none.
  std::string_view request_id{};
};

// Gets one record per call, whatever its end. Thread-safe: calls end on gRPC's threads and on the loop.
class CallRecordSink {
 public:
  virtual ~CallRecordSink() = default;

  // Whether a record of such a call is wanted. Asked first, so that nothing is collected for a record that nobody
  // wants.
  virtual bool Wants(Effect effect, const absl::Status& status) const = 0;
  virtual void Write(const CallRecord& record) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CALL_RECORD_H_
