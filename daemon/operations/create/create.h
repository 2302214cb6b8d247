#ifndef DAYTONAD_DAEMON_OPERATIONS_CREATE_CREATE_H_
#define DAYTONAD_DAEMON_OPERATIONS_CREATE_CREATE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/base/error.h"
#include "daemon/operations/base/waiting.h"
#include "daemon/operations/build/background_log.h"
#include "daemon/operations/build/log_follower.h"
#include "daytonad/v1/common.pb.h"

// What creates of sandboxes and snapshots have in common: the wait for a state, with the build log concurrently.
namespace daytonad {

// Observes a create. Two coroutines call its methods (one waits, one reads the log). An error of any method ends the
// operation: the caller has left.
template <typename T>
class CreateObserver : public LogSink {
 public:
  // The object was accepted, or has a new state.
  virtual Task<absl::Status> OnState(const T& object) = 0;
  // The operation's deadline. Calls of this observer that may take long must honour it.
  virtual void EndBy(Clock::TimePoint /*limit*/) {}
};

// How an object is created.
template <typename T>
struct Creation {
  LogOwner owner;
  std::unique_ptr<Watch<T>> watch;
  Goal<T> goal;
  // Whether its build log is being written, or about to be.
  std::function<bool(const T&)> building;
  int64_t log_offset = 0;
};

// Waits until the created object is ready. The observer, if any, gets the states and the complete build log before this
// returns.
template <typename T>
class CreationWait {
 public:
  CreationWait(Executor executor, Clock& clock, LogFollower& follower, WaitContext context, Creation<T> creation,
               CreateObserver<T>* observer)
      : executor_(executor),
        clock_(clock),
        follower_(follower),
        context_(std::move(context)),
        creation_(std::move(creation)),
        observer_(observer) {}

  // `last` is the create's answer, and is kept up to date.
  Task<absl::Status> Run(Observation<T>& last) {
    if (observer_ != nullptr) {
      observer_->EndBy(context_.wait.deadline());
      creation_.goal.observe = [this](const T& object) { return Observe(object); };
      absl::Status told = co_await Observe(*last.object);
      if (!told.ok()) co_return told;
    }
    absl::Status result = co_await WaitUntil(clock_, context_, *creation_.watch, creation_.goal, last);
    if (log_ != nullptr) {
      absl::StatusOr<int64_t> log = co_await log_->Finish(clock_);
      // The operation itself reports the timeout.
      const bool time_was_up = absl::IsDeadlineExceeded(log.status()) && absl::IsDeadlineExceeded(result);
      if (!log.ok() && !absl::IsCancelled(log.status()) && !time_was_up) {
        absl::Status warned = co_await observer_->OnWarning(LogWarning(log.status()));
        if (!warned.ok()) co_return warned;
      }
    }
    co_return result;
  }

 private:
  Task<absl::Status> Observe(const T& object) {
    if (object.state_text() != last_state_) {
      last_state_ = object.state_text();
      absl::Status told = co_await observer_->OnState(object);
      if (!told.ok()) co_return told;
    }
    if (creation_.building(object) && log_ == nullptr) {
      log_ = BackgroundLog::Start(executor_, follower_, context_.wait, creation_.owner, object.id(),
                                  creation_.log_offset, *observer_);
    } else if (!creation_.building(object) && log_ != nullptr) {
      log_->BuildOver();
    }
    co_return absl::OkStatus();
  }

  static v1::Warning LogWarning(const absl::Status& status) {
    v1::Warning warning;
    warning.set_reason(ErrorReason(status));
    warning.set_message("The build log is not complete: " + std::string(status.message()));
    return warning;
  }

  Executor executor_;
  Clock& clock_;
  LogFollower& follower_;
  WaitContext context_;
  Creation<T> creation_;
  CreateObserver<T>* observer_;
  std::string last_state_;
  std::shared_ptr<BackgroundLog> log_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_CREATE_CREATE_H_
