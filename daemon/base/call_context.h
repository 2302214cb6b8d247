#ifndef DAYTONAD_DAEMON_BASE_CALL_CONTEXT_H_
#define DAYTONAD_DAEMON_BASE_CALL_CONTEXT_H_

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/call_progress.h"
#include "daemon/base/clock.h"

namespace daytonad {

// Who calls, as far as the place where the call came in tells.
struct Caller {
  // The listener's address as it was configured, "unix:/run/daytonad.sock".
  std::string listener;
  // May this class of caller change anything? A listener may be read-only.
  bool read_only = false;
  // Who calls there, for fairness only, since callers say it themselves: "unix" or the peer's address, and behind a "/"
  // the name that the call gave. Empty for what the daemon does on its own account.
  std::string client{};  // initialised, so that naming the other two is enough
};

// Which call some work is done for. Shared by all contexts that descend from one call.
struct CallIdentity {
  // Ours, unique in this process; in every log line of the call.
  std::string call_id;
  // The RPC's full name, "daytonad.v1.DaytonaService/GetSandbox"; or what the daemon does on its own account.
  std::string method;
  Caller caller;
};

// What came of an earlier call with the same `request_id`, as far as it is known.
struct EarlierRequest {
  // Taken just before its first request went to upstream.
  std::chrono::system_clock::time_point since;
  // It was carried out. Otherwise it may have been.
  bool done = false;
  // What it was about, if that is known.
  std::string object_id{};
  std::string object_name{};
};

// A mutation's `request_id`, and what was asked for under it.
struct RequestKey {
  std::string id;
  // A digest of the request, without what may differ when it is repeated (its time limit, for one).
  std::string digest;
  std::optional<EarlierRequest> earlier{};
};

// How old the answer to a read may be, and, once it is there, where it came from.
struct ReadTerms {
  enum class Source {
    kBypass,     // from upstream, and nothing else was thought of
    kMiss,       // from upstream, since it was not known here, or too old
    kCoalesced,  // from upstream, by a request that another call had sent
    kHit,        // from what the daemon knew
  };

  // Unset leaves it to the daemon, zero asks upstream.
  std::optional<Clock::Duration> max_age;
  Source source = Source::kBypass;
  // Since when it is known to be so: for what upstream answered, since the request was sent.
  Clock::Duration age{};
};

// The one small value that travels through every co_await: until when, whether still, and for whom.
//
// Naively each function would take a deadline, a stop token and a logger, and each wait would have to remember all
// three. A context is copied instead, and narrowed on the way down:
//
//   Task<absl::Status> Wait(CallContext context) {
//     CallContext one_try = context.WithDeadline(clock->Now() + 5s);   // never later than the caller's own deadline
//     co_return co_await client->Send(one_try, std::move(request));
//   }
//
// Leaves honour it: Clock::Sleep and HttpClient end with CANCELLED or DEADLINE_EXCEEDED. What lies between only passes
// it on.
//
// A context is used on the loop thread only, and so is the std::stop_source behind it: gRPC's OnCancel posts to the
// loop.
class CallContext {
 public:
  using TimePoint = Clock::TimePoint;

  // How long a call may wait in queues where nothing else is said (--max-queue-wait).
  static constexpr Clock::Duration kMaxQueueWait = std::chrono::minutes(5);

  // No deadline is TimePoint::max(); a call from outside always has one (--max-wait).
  CallContext(std::shared_ptr<const CallIdentity> identity, TimePoint deadline, std::stop_token stop_token,
              Clock::Duration max_queue_wait = kMaxQueueWait);

  // For work that the daemon does on its own account, such as its health probe. It yields to callers (background()).
  static CallContext Background(std::string what);

  // A limit that stands still while the call waits for its turn (WithProgress) moves: whoever has waited until the
  // deadline looks again.
  TimePoint deadline() const { return progress() == nullptr ? deadline_ : std::min(deadline_, progress()->deadline()); }
  // The latest that it can move to.
  TimePoint latest_deadline() const {
    return progress() == nullptr ? deadline_ : std::min(deadline_, progress()->latest_deadline());
  }
  const std::stop_token& stop_token() const { return stop_token_; }
  const CallIdentity& identity() const { return *origin_->identity; }
  // Null unless the call is a mutation with a request id.
  const RequestKey* request_key() const { return origin_->request_key.get(); }
  // Null unless the call is a read that may be answered from what the daemon knows. To be filled in by who answers.
  ReadTerms* read_terms() const { return origin_->read_terms.get(); }
  bool cancelled() const { return stop_token_.stop_requested(); }
  // Where something is scarce, such as upstream's rate limit, this waits behind every caller.
  bool background() const { return origin_->background; }
  // Until when it makes sense to send something, as things are: the earliest deadline of this context and of those that
  // it was detached from; of a flight, the latest of those who have joined it. What nobody would live to see need not
  // be sent.
  TimePoint send_by() const;
  // Until when a turn may come for which this call waits from now on, or waits already.
  TimePoint queue_until(TimePoint now) const;
  Clock::Duration max_queue_wait() const { return origin_->max_queue_wait; }
  // Null if nobody has to know that the call waits for a turn.
  CallProgress* progress() const { return origin_->progress.get(); }

  // The same call with the earlier of both deadlines.
  CallContext WithDeadline(TimePoint deadline) const;

  // The same call, ended by another token. Link that token's source to this one (LinkedStopSource) if it shall end with
  // the call, too.
  CallContext WithStopToken(std::stop_token stop_token) const;

  // The same identity, but neither the caller's deadline nor the caller's going away ends it: for a mutation whose
  // bytes are on their way, which must run to its answer.
  CallContext Detached(TimePoint deadline) const;

  // The same call, whose progress this is. It is shared by all contexts that descend from this one, but for
  // detached ones.
  CallContext WithProgress(std::shared_ptr<CallProgress> progress) const;
  // The same call with the deadline that it has now: nothing moves it any more.
  CallContext WithFixedDeadline() const;

  // Detached, for work that others wait for: `progress` tells of them, and `stop_token` ends it.
  CallContext ForFlight(TimePoint deadline, std::stop_token stop_token, std::shared_ptr<CallProgress> progress) const;

  // The same call, doing something that callers don't wait for: polling ahead of them, say.
  CallContext AsBackground() const;

  // The same call, known by this key from here on.
  CallContext WithRequestKey(RequestKey key) const;

  // The same call, a read on these terms. They are shared by all contexts that descend from this one.
  CallContext WithReadTerms(std::shared_ptr<ReadTerms> terms) const;

  // CANCELLED, DEADLINE_EXCEEDED or OK.
  absl::Status Check(TimePoint now) const;

 private:
  // What seldom changes on the way down. A context is in every coroutine frame that waits, mostly twice; this is not.
  struct Origin {
    std::shared_ptr<const CallIdentity> identity;
    std::shared_ptr<const RequestKey> request_key{};
    std::shared_ptr<ReadTerms> read_terms{};
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

// While it lives, the call waits for a turn.
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

// A stop source that also stops when a parent does. For work that ends with the call or earlier: a log stream that is
// read beside a wait.
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

// What a call that was cancelled, or that ran out of time, ends with.
absl::Status CancelledError();
absl::Status DeadlineExceededError();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_CALL_CONTEXT_H_
