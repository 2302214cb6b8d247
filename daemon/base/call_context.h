#ifndef DAYTONAD_DAEMON_BASE_CALL_CONTEXT_H_
#define DAYTONAD_DAEMON_BASE_CALL_CONTEXT_H_

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/call_progress.h"
#include "daemon/base/clock.h"

namespace daytonad {

// The caller, as the listener sees it.
struct Caller {
  // The listener's configured address, "unix:/run/daytonad.sock".
  std::string listener;
  // Whether the listener is read-only.
  bool read_only = false;
  // The client, for fair queueing only, because clients name themselves: "unix" or the peer's address, and "/NAME" if
  // the call gave a name. Empty for the daemon's own work.
  std::string client{};  // initialised, so that designated initialisers may leave it out
};

// Where the answer to a read came from.
enum class ReadSource {
  kBypass,     // from upstream; the cache was not asked
  kMiss,       // from upstream: not cached, or too old
  kCoalesced,  // from upstream, by another call's request
  kHit,        // from the cache
};

// What the layers learn about a call while it runs, for those who report the call's end. Loop thread only.
struct CallFacts {
  // Requests that were sent to upstream for this call, each retry counted. A request that several calls share counts
  // for the call that started it.
  int upstream_attempts = 0;
  // Unset: the call is no read that the cache may answer.
  std::optional<ReadSource> read_source{};
  // The age of a read's answer: time since the state was confirmed; for an answer of upstream, since the request was
  // sent.
  Clock::Duration age{};
};

// The name of the backend that the flags describe, and that serves all callers.
inline constexpr std::string_view kDefaultBackend = "default";

// The call that some work belongs to. Shared by all contexts derived from the call's, also by those of work that
// outlives it.
struct CallIdentity {
  // Unique in this process; part of every log line of the call.
  std::string call_id;
  // The RPC's full name, "daytonad.v1.DaytonaService/GetSandbox", or the name of the daemon's own work.
  std::string method;
  Caller caller;
  // The name of the backend that serves it; empty for the daemon's own work.
  std::string backend{};
  // The only part that changes.
  mutable CallFacts facts{};
};

// The known outcome of an earlier call with the same `request_id`.
struct EarlierRequest {
  // The time just before its first request was sent upstream.
  std::chrono::system_clock::time_point since;
  // True: it was carried out. False: it may have been.
  bool done = false;
  // The object that it was about, if known.
  std::string object_id{};
  std::string object_name{};
};

// A mutation's `request_id`, and a digest of its request.
struct RequestKey {
  std::string id;
  // A digest of the request, without fields that may differ when the request is repeated (such as its time limit).
  std::string digest;
  std::optional<EarlierRequest> earlier{};
};

// What a read accepts as its answer.
struct ReadTerms {
  // The greatest age. Unset: the daemon's lifetimes. Zero: always ask upstream.
  std::optional<Clock::Duration> max_age{};
};

// A small value that is passed through every co_await: deadline, cancellation, and identity of the call.
//
// Otherwise each function would take a deadline, a stop token and a logger, and each wait would have to honour all
// three. Instead a context is copied and narrowed on the way down:
//
//   Task<absl::Status> Wait(CallContext context) {
//     CallContext one_try = context.WithDeadline(clock->Now() + 5s);   // never later than the caller's own deadline
//     co_return co_await client->Send(one_try, std::move(request));
//   }
//
// The leaves honour it: Clock::Sleep and HttpClient end with CANCELLED or DEADLINE_EXCEEDED. The layers in between only
// pass it on.
//
// A context and its std::stop_source are used on the loop thread only: gRPC's OnCancel posts to the loop.
class CallContext {
 public:
  using TimePoint = Clock::TimePoint;

  // The default of --max-queue-wait: how long a call may wait in queues.
  static constexpr Clock::Duration kMaxQueueWait = std::chrono::minutes(5);

  // TimePoint::max() means no deadline. A client's call always has one (--max-wait).
  CallContext(std::shared_ptr<const CallIdentity> identity, TimePoint deadline, std::stop_token stop_token,
              Clock::Duration max_queue_wait = kMaxQueueWait);

  // For the daemon's own work, such as its health probe. It has low priority (background()).
  static CallContext Background(std::string what);

  // The deadline moves while the call is queued and its limit is paused (WithProgress). After waiting until the
  // deadline, check it again.
  TimePoint deadline() const { return progress() == nullptr ? deadline_ : std::min(deadline_, progress()->deadline()); }
  // The latest time to which the deadline can move.
  TimePoint latest_deadline() const {
    return progress() == nullptr ? deadline_ : std::min(deadline_, progress()->latest_deadline());
  }
  const std::stop_token& stop_token() const { return stop_token_; }
  const CallIdentity& identity() const { return *origin_->identity; }
  // Null unless the call is a mutation with a request id.
  const RequestKey* request_key() const { return origin_->request_key.get(); }
  // Unset unless the call is a read that may be answered from the cache. The layer that answers it sets the read's
  // facts.
  const std::optional<ReadTerms>& read_terms() const { return origin_->read_terms; }
  CallFacts& facts() const { return origin_->identity->facts; }
  bool cancelled() const { return stop_token_.stop_requested(); }
  // Background work queues behind all callers, for upstream's rate limit, for example.
  bool background() const { return origin_->background; }
  // Until when a request is worth sending: the earliest deadline of this context and of those that it was detached
  // from; for a flight, the latest deadline of the calls that joined it. A later answer would reach nobody.
  TimePoint send_by() const;
  // Until when this call may stay in a queue that it is in, or enters now.
  TimePoint queue_until(TimePoint now) const;
  Clock::Duration max_queue_wait() const { return origin_->max_queue_wait; }
  // Null if nobody needs to know about queue waits.
  CallProgress* progress() const { return origin_->progress.get(); }

  // The same call with the earlier of both deadlines.
  CallContext WithDeadline(TimePoint deadline) const;

  // The same call with another stop token. Link that token's source to this one (LinkedStopSource) if cancelling the
  // call should stop it, too.
  CallContext WithStopToken(std::stop_token stop_token) const;

  // The same identity, without the caller's deadline and cancellation: for a mutation that was sent and must run until
  // it is answered.
  CallContext Detached(TimePoint deadline) const;

  // The same call with this progress. All contexts derived from this one share it, except for detached ones.
  CallContext WithProgress(std::shared_ptr<CallProgress> progress) const;
  // The same call with its current deadline, which no longer moves.
  CallContext WithFixedDeadline() const;

  // Detached, for a flight: `progress` represents the calls that wait for it, and `stop_token` cancels it.
  CallContext ForFlight(TimePoint deadline, std::stop_token stop_token, std::shared_ptr<CallProgress> progress) const;

  // The same call as background work, which no caller waits for.
  CallContext AsBackground() const;

  // The same call with this request key.
  CallContext WithRequestKey(RequestKey key) const;

  // The same call as a read on these terms; without terms, as one that always asks upstream and is not the call's
  // answer.
  CallContext WithReadTerms(std::optional<ReadTerms> terms) const;

  // CANCELLED, DEADLINE_EXCEEDED or OK.
  absl::Status Check(TimePoint now) const;

 private:
  // The parts that rarely change on the way down. Each waiting coroutine frame holds a context, usually two; this is
  // shared.
  struct Origin {
    std::shared_ptr<const CallIdentity> identity;
    std::shared_ptr<const RequestKey> request_key{};
    std::optional<ReadTerms> read_terms{};
    std::shared_ptr<CallProgress> progress{};
    TimePoint send_by = TimePoint::max();
    Clock::Duration max_queue_wait = kMaxQueueWait;
    bool background = false;
  };

  // The same call with another origin.
  CallContext WithOrigin(Origin origin) const;

  std::shared_ptr<const Origin> origin_;
  TimePoint deadline_;
  std::stop_token stop_token_;
};

// While it exists, the call waits in a queue.
class QueueWaitScope {
 public:
  QueueWaitScope(const CallContext& context, const Clock& clock, const QueueWait& wait)
      : progress_(context.progress()), clock_(clock) {
    if (progress_ != nullptr) progress_->BeginWait(wait, clock_.Now());
  }
  ~QueueWaitScope() {
    if (progress_ != nullptr) progress_->EndWait(clock_.Now());
  }
  QueueWaitScope(const QueueWaitScope&) = delete;
  QueueWaitScope& operator=(const QueueWaitScope&) = delete;

 private:
  CallProgress* const progress_;  // the context outlives this
  const Clock& clock_;
};

// A stop source that also stops with its parent. For work that ends with the call or earlier, such as a log stream that
// is read during a wait.
class LinkedStopSource {
 public:
  explicit LinkedStopSource(const std::stop_token& parent);

  std::stop_token token() const { return source_.get_token(); }
  void RequestStop() { source_.request_stop(); }

 private:
  struct Forward {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Forward> forward_;
};

// The errors of a cancelled call and of one that exceeded its deadline.
absl::Status CancelledError();
absl::Status DeadlineExceededError();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_CALL_CONTEXT_H_
