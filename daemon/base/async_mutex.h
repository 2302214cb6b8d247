#ifndef DAYTONAD_DAEMON_BASE_ASYNC_MUTEX_H_
#define DAYTONAD_DAEMON_BASE_ASYNC_MUTEX_H_

#include <deque>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/base/event.h"

namespace daytonad {

// Lets coroutines of one loop take turns, first come, first served: for something that allows one operation at a time,
// such as a stream that two of them write to. It outlives all who wait for it.
class AsyncMutex {
 public:
  // Whose turn it is; ends with the object.
  class Turn {
   public:
    explicit Turn(AsyncMutex* mutex) : mutex_(mutex) {}
    Turn(Turn&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (mutex_ != nullptr) mutex_->Release();
    }

   private:
    AsyncMutex* mutex_;
  };

  Task<absl::StatusOr<Turn>> Acquire(Clock& clock, CallContext context) {
    if (!taken_) {
      taken_ = true;
      co_return Turn(this);
    }
    const auto mine = std::make_shared<Event>();
    waiting_.push_back(mine);
    absl::Status waited = co_await mine->Wait(clock, std::move(context));
    if (waited.ok()) co_return Turn(this);
    std::erase(waiting_, mine);
    co_return waited;
  }

 private:
  void Release() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    const std::shared_ptr<Event> next = std::move(waiting_.front());
    waiting_.pop_front();
    next->Fire();
  }

  bool taken_ = false;
  std::deque<std::shared_ptr<Event>> waiting_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ASYNC_MUTEX_H_
