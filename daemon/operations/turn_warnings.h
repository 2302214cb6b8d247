#ifndef DAYTONAD_DAEMON_OPERATIONS_TURN_WARNINGS_H_
#define DAYTONAD_DAEMON_OPERATIONS_TURN_WARNINGS_H_

#include <memory>
#include <optional>

#include "daemon/base/event.h"
#include "daemon/base/task.h"
#include "daemon/base/turns.h"
#include "daemon/operations/log_follower.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad {

// Tells who follows an operation that its request waits for its turn, and how long. The request does not wait for that:
// a warning is written beside it, and when there is a newer one before it could be written, that takes its place.
class TurnWarnings : public std::enable_shared_from_this<TurnWarnings> {
 public:
  // `sink` outlives Finish(); null if nobody follows.
  static std::shared_ptr<TurnWarnings> To(LogSink* sink, Executor executor) {
    return std::make_shared<TurnWarnings>(sink, executor);
  }

  TurnWarnings(LogSink* sink, Executor executor) : sink_(sink), executor_(executor) {}

  // What is to be told of waits; empty if nobody follows.
  CallTurns::OnWait listener();

  // The sink is not used any more when this returns.
  Task<void> Finish(Clock& clock);

 private:
  void Tell(const TurnWait& wait, Clock::TimePoint now);
  static Task<void> Write(std::shared_ptr<TurnWarnings> self);

  LogSink* sink_;
  const Executor executor_;
  std::optional<v1::Warning> next_;
  bool writing_ = false;
  Event written_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_TURN_WARNINGS_H_
