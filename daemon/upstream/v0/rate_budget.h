#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_RATE_BUDGET_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_RATE_BUDGET_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/net/http_client.h"
#include "daemon/upstream/v0/rate_window.h"

namespace daytonad {

// Keeps one credential's requests within upstream's rate limits, which it learns from upstream's answers.
//
// Naively each request is sent, and waits by itself after a 429. Then whoever asks most gets most, everybody comes back
// at the same moment, and refusals cost as much as answers. So a request asks for its turn first:
//
//   absl::StatusOr<RateBudget::Permit> turn = co_await budget.Acquire(context, kCreateThrottler);
//   if (!turn.ok()) co_return turn.status();
//   absl::StatusOr<HttpResponse> response = co_await http.Send(...);
//   ...
//   turn->Answered(response->headers);   // or Refused, or NotSent
//
// While the window has room, turns are given at once. Then the callers queue, clients taking turns (FairQueue), until
// the window is over. Background work waits behind all callers. Nothing is limited until an answer has named a limit,
// or one is supposed.
//
// Loop thread only. Permits may outlive it.
class RateBudget {
  struct Throttler;

 public:
  // One request's turn. Who lets go of it without a word leaves open what became of the request.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&& other) = delete;
    ~Permit();

    // An answer with any status but 429. Its headers may speak of other limits, too.
    void Answered(const HttpHeaders& headers);
    // 429: nothing before `wait` is over, as far as that is believed (RateWindow::Believed): it returns how long.
    // `throttler` is the limit that upstream named; empty for this one's own.
    std::chrono::milliseconds Refused(const std::string& throttler, std::chrono::milliseconds wait);
    // Surely not processed.
    void NotSent();

   private:
    friend RateBudget;
    Permit(RateBudget* budget, std::shared_ptr<Throttler> throttler, RateWindow::Request request)
        : budget_(budget), throttler_(std::move(throttler)), request_(request) {}

    RateBudget* budget_ = nullptr;
    std::shared_ptr<Throttler> throttler_;  // null once the outcome is known
    RateWindow::Request request_;
  };

  // The clock must outlive this, and whatever still waits when this goes.
  explicit RateBudget(Clock& clock) : clock_(clock) {}

  // What this throttler's limit is, as long as no answer has told: `limit` requests in `length`.
  void Suppose(const std::string& name, int64_t limit, Clock::Duration length);

  // Waits for a turn of this throttler; an empty name is never limited. Fails, always with Delivery::kNotSent, with
  // - RESOURCE_EXHAUSTED (RATE_LIMITED) if the turn can't come before the context's queue_until(), as soon as that is
  //   known; RetryInfo has the wait;
  // - CANCELLED.
  Task<absl::StatusOr<Permit>> Acquire(CallContext context, std::string name);

  // How many wait for a turn now.
  size_t waiting(std::string_view throttler) const;

 private:
  struct Waiter;

  // Makes it, if it is new. Null if there are more names than upstream can mean seriously.
  std::shared_ptr<Throttler> Find(const std::string& name);

  Clock& clock_;
  std::map<std::string, std::shared_ptr<Throttler>, std::less<>> throttlers_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_RATE_BUDGET_H_
