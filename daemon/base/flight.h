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

// Work that is done once, and all who wait for its result: one upstream request on its way, mostly.
//
// Naively the first caller would send the request and let the others wait for it; then the others fail when the first
// one hangs up. So the request runs as a coroutine of its own, which belongs to nobody: callers join it and leave it as
// they like, each with its own deadline. When the last one has left, the request is cancelled; whether that still stops
// it is the request's own affair (a mutation whose bytes are out runs to its answer). Who leaves a flight that has sent
// a change learns that its outcome is unknown: `outcome` = `unknown` in the metadata of the error.
//
// T is absl::StatusOr<...> or absl::Status. Loop thread only.
template <typename T>
class Flight {
 public:
  // Called once.
  using Work = std::function<Task<T>(CallContext)>;

  // `first` is whose call is named in logs: the first caller's. `deadline` is the request's own limit.
  static std::shared_ptr<Flight> Start(Executor executor, const CallContext& first, Clock::TimePoint deadline,
                                       Work work) {
    auto flight = std::shared_ptr<Flight>(new Flight(first));
    CallContext context = first.ForFlight(deadline, flight->stop_.get_token(), flight->waiters_);
    Spawn(executor, Run(flight, std::move(work), std::move(context)));
    return flight;
  }

  bool finished() const { return result_.has_value(); }
  // Nobody waits any more: it will be, or is, cancelled, and is not to be joined.
  bool abandoned() const { return stop_.stop_requested(); }

  // Waits for the answer, or until this caller's own context ends.
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
    co_return std::move(*flight->result_);  // the last one needs no copy
  }

  // As Join, for a caller who has to know how it ended: a caller that ends asks for the end (if it is the last one),
  // and waits for it. The work's own deadline bounds that.
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

  // Is there still something to wait for? News may be that deadlines have moved, and a deadline may move without news.
  bool GoesOnFor(const CallContext& context, const Clock& clock, const absl::Status& waited) const {
    if (finished()) return false;
    return waited.ok() || (absl::IsDeadlineExceeded(waited) && context.Check(clock.Now()).ok());
  }

  void CancelIfAbandoned() {
    if (!finished() && waiters_->size() == 0) stop_.request_stop();
  }

  // What one who leaves before the end is told: what goes on without him may change something.
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
