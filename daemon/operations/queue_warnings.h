#ifndef DAYTONAD_DAEMON_OPERATIONS_QUEUE_WARNINGS_H_
#define DAYTONAD_DAEMON_OPERATIONS_QUEUE_WARNINGS_H_

#include <memory>
#include <optional>

#include "daemon/base/call_progress.h"
#include "daemon/base/event.h"
#include "daemon/base/task.h"
#include "daemon/operations/log_follower.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad {

// Tells who follows an operation that its request waits for its turn, and how long. The request does not wait for that:
// a warning is written beside it, and when there is a newer one before it could be written, that takes its place.
class QueueWarnings : public std::enable_shared_from_this<QueueWarnings> {
 public:
  // `sink` outlives Finish(); null if nobody follows.
  static std::shared_ptr<QueueWarnings> To(LogSink* sink, Executor executor) {
    return std::make_shared<QueueWarnings>(sink, executor);
  }

  QueueWarnings(LogSink* sink, Executor executor) : sink_(sink), executor_(executor) {}

  // What is to be told of waits; empty if nobody follows.
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

#endif  // DAYTONAD_DAEMON_OPERATIONS_QUEUE_WARNINGS_H_
