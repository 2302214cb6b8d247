#ifndef DAYTONAD_DAEMON_BASE_ADMISSION_H_
#define DAYTONAD_DAEMON_BASE_ADMISSION_H_

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/fair_queue.h"
#include "daemon/base/task.h"

namespace daytonad {

// Limits the number of concurrent requests. The others queue, round robin over clients (FairQueue).
//
// libcurl has such a limit, too, but its connect timeout includes the time in the queue, and each queued request costs
// it some 10 KB. Loop thread only; outlives its permits.
class Admission {
 public:
  // One request's slot. Returned when it is destroyed or released.
  class Permit {
   public:
    Permit() = default;
    explicit Permit(Admission* from) : from_(from) {}
    Permit(Permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(from_, other.from_);
      return *this;
    }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() { Release(); }

    void Release() {
      if (Admission* from = std::exchange(from_, nullptr)) from->GiveBack();
    }

   private:
    Admission* from_ = nullptr;
  };

  explicit Admission(size_t limit) : limit_(limit) {}

  // Fails with CANCELLED, DEADLINE_EXCEEDED or the reason given to Close().
  Task<absl::StatusOr<Permit>> Acquire(CallContext context);

  // Rejects all requests from now on with `reason`, including queued ones. Permits stay valid.
  void Close(absl::Status reason);

  // Whether a new request would get a permit at once.
  bool free() const { return in_use_ < limit_; }
  size_t waiting() const { return waiters_.size(); }

 private:
  struct Waiter;

  void GiveBack();

  size_t limit_;
  size_t in_use_ = 0;
  FairQueue<Waiter> waiters_;
  absl::Status closed_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ADMISSION_H_
