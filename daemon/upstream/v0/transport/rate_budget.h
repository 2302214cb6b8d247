#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RATE_BUDGET_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RATE_BUDGET_H_

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
#include "daemon/net/http/http_client.h"
#include "daemon/upstream/v0/transport/rate_window.h"

namespace daytonad {

// Keeps one credential's requests within upstream's rate limits, which it learns from upstream's answers.
//
// If each request were just sent and retried after a 429, the busiest client would get most, all would come back at the
// same time, and rejections count against the limit like answers. So a request acquires a permit first:
//
//   absl::StatusOr<RateBudget::Permit> permit = co_await budget.Acquire(context, kCreateThrottler);
//   if (!permit.ok()) co_return permit.status();
//   absl::StatusOr<HttpResponse> response = co_await http.Send(...);
//   ...
//   permit->Answered(response->headers);   // or Refused, or NotSent
//
// While the window has room, permits are granted at once. Then requests queue until the next window, round robin over
// clients (FairQueue). Background work queues behind all callers. Nothing is limited until an answer has named a limit,
// or Suppose has set one.
//
// Loop thread only. Permits may outlive it.
class RateBudget {
  struct Throttler;

 public:
  // Permission to send one request. If it is destroyed without a result, the outcome of the request counts as unknown.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&& other) = delete;
    ~Permit();

    // An answer with any status except 429. Its headers may report other limits, too.
    void Answered(const HttpHeaders& headers);
    // 429: sends nothing for `wait`, at most for as long as it is plausible (RateWindow::Believed). Returns that time.
    // `throttler` is the limit that upstream named; empty for this one's own.
    std::chrono::milliseconds Refused(const std::string& throttler, std::chrono::milliseconds wait);
    // The request was certainly not processed.
    void NotSent();

   private:
    friend RateBudget;
    Permit(RateBudget* budget, std::shared_ptr<Throttler> throttler, RateWindow::Request request)
        : budget_(budget), throttler_(std::move(throttler)), request_(request) {}

    RateBudget* budget_ = nullptr;
    std::shared_ptr<Throttler> throttler_;  // null once the outcome is known
    RateWindow::Request request_;
  };

  // The clock must outlive this and all requests that still wait then.
  explicit RateBudget(Clock& clock) : clock_(clock) {}

  // Sets the throttler's limit until an answer reports one: `limit` requests per `length`.
  void Suppose(const std::string& name, int64_t limit, Clock::Duration length);

  // Waits for a permit of this throttler; an empty name is not limited. Errors, always with Delivery::kNotSent:
  // - RESOURCE_EXHAUSTED (RATE_LIMITED) as soon as it is known that no permit is free before the context's
  //   queue_until(); RetryInfo has the wait;
  // - CANCELLED.
  Task<absl::StatusOr<Permit>> Acquire(CallContext context, std::string name);

  // The number of queued requests.
  size_t waiting(std::string_view throttler) const;

 private:
  struct Waiter;

  // Finds or creates it. Null if there are implausibly many names.
  std::shared_ptr<Throttler> Find(const std::string& name);

  Clock& clock_;
  std::map<std::string, std::shared_ptr<Throttler>, std::less<>> throttlers_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RATE_BUDGET_H_
