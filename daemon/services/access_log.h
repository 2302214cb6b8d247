#ifndef DAYTONAD_DAEMON_SERVICES_ACCESS_LOG_H_
#define DAYTONAD_DAEMON_SERVICES_ACCESS_LOG_H_

#include "absl/status/status.h"
#include "daemon/base/effect.h"
#include "daemon/services/rpc/call_record.h"

namespace daytonad {

// Writes a log line for each call: mutations and errors at level info, other reads at debug. It has names and ids, and
// nothing else of requests and answers.
//
// Mutations that reached upstream are all written. Of others, which a client may cause as fast as it can send them, the
// log takes a limited number per status (base/log_record.h).
class AccessLog final : public CallRecordSink {
 public:
  bool Wants(Effect effect, const absl::Status& status) const override;
  void Write(const CallRecord& record) override;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_ACCESS_LOG_H_
