#ifndef DAYTONAD_DAEMON_OPERATIONS_REQUEST_PERSISTENCE_H_
#define DAYTONAD_DAEMON_OPERATIONS_REQUEST_PERSISTENCE_H_

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

// What is known of a request id after the daemon was started again.
struct StoredRequest {
  std::string id;
  std::string digest;
  EarlierRequest earlier;
  // It was refused, with this; OK if it was not.
  absl::Status refusal;
  // The operation had ended.
  bool concluded = false;
  // When the last of this came about.
  std::chrono::system_clock::time_point when;
};

// Where request ids survive the daemon. Loop thread only.
class RequestPersistence {
 public:
  virtual ~RequestPersistence() = default;

  // A request may go out for this id from now on; and what came of it. Each returns when that would be known after a
  // crash, or can't be.
  virtual Task<void> NoteIntent(CallContext context, StoredRequest request) = 0;
  virtual Task<void> NoteOutcome(CallContext context, StoredRequest request) = 0;
  // What its operation ended with.
  virtual void NoteConclusion(StoredRequest request) = 0;
  // Nothing was sent for it.
  virtual void Withdraw(StoredRequest request) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_REQUEST_PERSISTENCE_H_
