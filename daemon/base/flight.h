#ifndef DAYTONAD_DAEMON_BASE_FLIGHT_H_
#define DAYTONAD_DAEMON_BASE_FLIGHT_H_

#include <boost/asio/this_coro.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/error.h"
#include "daemon/base/flight_waiters.h"
#include "daemon/base/spawn.h"
#include "daemon/base/task.h"

namespace daytonad {

// Work that runs once for all calls that wait for its result, usually one upstream request.
//
// If the first caller sent the request itself, all others would fail when it disconnects. So the request runs as a
// coroutine of its own. Callers join and leave it, each with its own deadline. When the last one has left, the request
// is cancelled; a mutation that was already sent still runs until it is answered. A caller that leaves a flight that
// has sent a mutation gets `outcome` = `unknown` in the metadata of its error.
//
// T is absl::StatusOr<...> or absl::Status. Loop thread only.
template <typename T>
class Flight {
 public:
  // Called once.
  using Work = std::function<Task<T>(CallContext)>;

  // `first` is the first caller's context; logs name its call. `deadline` is the request's own limit.
  static std::shared_ptr<Flight> Start(Executor executor, const CallContext& first, Clock::TimePoint deadline,
                                       Work work) {
    auto flight = std::shared_ptr<Flight>(new Flight(first));
    CallContext context = first.ForFlight(deadline, flight->stop_.get_token(), flight->waiters_);
    Spawn(executor, Run(flight, std::move(work), std::move(context)));
    return flight;
  }

  bool finished() const { return result_.has_value(); }
  // No caller is left: the work is cancelled, or about to be, and must not be joined.
  bool abandoned() const { return stop_.stop_requested(); }

  // Waits for the result, or until this caller's context ends.
  static Task<T> Join(std::shared_ptr<Flight> flight, Clock& clock, CallContext context) {
    absl::Status waited;
    {
      const FlightWaiters::Place place(*flight->waiters_, context, clock);
      do {
        waited = co_await flight->waiters_->changed().Wait(clock, context);
      } while (flight->GoesOnFor(context, clock, waited));
    }
    if (!flight->finished()) {
      flight->CancelIfAbandoned();
      co_return flight->LeftWith(std::move(waited));
    }
    if (flight->waiters_->size() > 0) co_return *flight->result_;
    co_return std::move(*flight->result_);  // the last caller needs no copy
  }

  // As Join, for a caller that needs the result: if its context ends, it cancels the work (if it is the last caller)
  // and waits for the work to end. The work's own deadline bounds that.
  static Task<T> JoinToTheEnd(std::shared_ptr<Flight> flight, Clock& clock, CallContext context) {
    absl::Status waited;
    {
      const FlightWaiters::Place place(*flight->waiters_, context, clock);
      do {
        waited = co_await flight->waiters_->changed().Wait(clock, context);
      } while (flight->GoesOnFor(context, clock, waited));
    }
    flight->CancelIfAbandoned();
    while (!flight->finished()) {
      waited = co_await flight->waiters_->changed().Wait(clock, context.Detached(Clock::TimePoint::max()));
      if (!waited.ok()) co_return flight->LeftWith(std::move(waited));
    }
    co_return *flight->result_;
  }

 private:
  explicit Flight(const CallContext& first) : waiters_(std::make_shared<FlightWaiters>(first)) {}

  // Whether to wait on. The event may only mean that deadlines have moved, and a deadline may move without an event.
  bool GoesOnFor(const CallContext& context, const Clock& clock, const absl::Status& waited) const {
    if (finished()) return false;
    return waited.ok() || (absl::IsDeadlineExceeded(waited) && context.Check(clock.Now()).ok());
  }

  void CancelIfAbandoned() {
    if (!finished() && waiters_->size() == 0) stop_.request_stop();
  }

  // The error of a caller that leaves early: the work may still mutate something.
  absl::Status LeftWith(absl::Status status) const {
    return waiters_->may_have_mutated() ? WithErrorMetadata(std::move(status), "outcome", "unknown") : status;
  }

  static Task<void> Run(std::shared_ptr<Flight> flight, Work work, CallContext context) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    flight->result_.emplace(co_await work(std::move(context)));
    flight->waiters_->NotifyDone();
  }

  std::stop_source stop_;
  const std::shared_ptr<FlightWaiters> waiters_;
  std::optional<T> result_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_FLIGHT_H_
