#ifndef DAYTONAD_DAEMON_SERVICES_RPC_RPC_RUNTIME_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_RPC_RUNTIME_H_

#include <chrono>
#include <cstddef>

#include "daemon/access/policy.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/services/rpc/call_gate.h"
#include "daemon/services/rpc/call_record.h"
#include "daemon/services/rpc/call_registry.h"
#include "daemon/services/rpc/untaken_answers.h"

namespace daytonad {

// The default of --max-request. gRPC holds a whole message in memory, and has one limit for all methods of a listener;
// larger data is streamed (UploadBuildContext).
inline constexpr int kMaxRequestBytes = 4 << 20;

// What the RPCs of all services share; outlives them.
struct RpcRuntime {
  Executor executor;
  Clock& clock;
  CallRegistry& calls;
  CallGate& gate;
  UntakenAnswers& answers;
  CallRecordSink& records;
  AccessPolicy access = CheckAccess;
  // The time limit of every call, --max-wait.
  Clock::Duration max_wait = std::chrono::hours(24);
  // How long a call may be queued, --max-queue-wait.
  Clock::Duration max_queue_wait = CallContext::kMaxQueueWait;
  // How long a client may leave a message of its stream unread, --max-stall.
  Clock::Duration max_stall = std::chrono::seconds(60);
  // The largest request after decompression.
  size_t max_request_bytes = kMaxRequestBytes;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_RPC_RUNTIME_H_
