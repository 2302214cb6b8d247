#ifndef DAYTONAD_DAEMON_OPERATIONS_REQUESTS_REQUEST_PERSISTENCE_H_
#define DAYTONAD_DAEMON_OPERATIONS_REQUESTS_REQUEST_PERSISTENCE_H_

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// What is known about a request id after a restart.
struct StoredRequest {
  std::string id;
  std::string digest;
  EarlierRequest earlier;
  // The error if it was rejected; else OK.
  absl::Status refusal;
  // The operation had ended.
  bool concluded = false;
  // When this was last updated.
  std::chrono::system_clock::time_point when;
};

// Persists request ids across restarts. Loop thread only.
class RequestPersistence {
 public:
  virtual ~RequestPersistence() = default;

  // Record that a request for this id is about to be sent, and its outcome. Each returns when the record would survive
  // a crash, or cannot be written.
  virtual Task<void> NoteIntent(CallContext context, StoredRequest request) = 0;
  virtual Task<void> NoteOutcome(CallContext context, StoredRequest request) = 0;
  // Records how its operation ended.
  virtual void NoteConclusion(StoredRequest request) = 0;
  // Nothing was sent for this id: removes its record.
  virtual void Withdraw(StoredRequest request) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_REQUESTS_REQUEST_PERSISTENCE_H_
