#ifndef DAYTONAD_DAEMON_OPERATIONS_CREATE_QUEUE_WARNINGS_H_
#define DAYTONAD_DAEMON_OPERATIONS_CREATE_QUEUE_WARNINGS_H_

#include <memory>
#include <optional>

#include "daemon/base/call_progress.h"
#include "daemon/base/event.h"
#include "daemon/base/task.h"
#include "daemon/operations/build/log_follower.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad {

// Warns the client of a streaming operation that its request is queued, and for how long. The request does not wait for
// the warning: it is written concurrently, and a newer warning replaces one that was not yet written.
class QueueWarnings : public std::enable_shared_from_this<QueueWarnings> {
 public:
  // `sink` outlives Finish(); null if there is no stream.
  static std::shared_ptr<QueueWarnings> To(LogSink* sink, Executor executor) {
    return std::make_shared<QueueWarnings>(sink, executor);
  }

  QueueWarnings(LogSink* sink, Executor executor) : sink_(sink), executor_(executor) {}

  // The callback for queue waits; empty if there is no stream.
  PausableLimit::OnWait listener();

  // The sink is not used any more when this returns.
  Task<void> Finish(Clock& clock);

 private:
  void Tell(const QueueWait& wait, Clock::TimePoint now);
  static Task<void> Write(std::shared_ptr<QueueWarnings> self);

  LogSink* sink_;
  const Executor executor_;
  std::optional<v1::Warning> next_;
  bool writing_ = false;
  Event written_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_CREATE_QUEUE_WARNINGS_H_
