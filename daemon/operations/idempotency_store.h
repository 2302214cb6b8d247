#ifndef DAYTONAD_DAEMON_OPERATIONS_IDEMPOTENCY_STORE_H_
#define DAYTONAD_DAEMON_OPERATIONS_IDEMPOTENCY_STORE_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/error.h"
#include "daemon/base/flight.h"
#include "daemon/base/task.h"
#include "daemon/operations/request_persistence.h"
#include "daytonad/v1/volume_service.pb.h"

namespace daytonad {

struct IdempotencyStoreOptions {
  // How long an outcome is kept after it came about.
  Clock::Duration keep_for = std::chrono::hours(1);
  // What all outcomes together may need; the oldest go first, before their time.
  size_t max_bytes = size_t{64} << 20;
};

// What a mutation came to.
template <typename T>
struct MutationResult {
  T object;
  // The operation had ended when this was noted: there is nothing to wait for.
  bool concluded = false;
};

// What was done under each request id, so that a repeated call does not do it again.
//
// An operation has two halves: the mutation (all that leads to one mutation upstream, look-ups and settling included),
// and the wait that may follow. The mutation runs here. A call with the id of a mutation in progress joins it; with the
// id of one that is done it gets what came of it; and then each call waits on its own account, with its own time limit.
// What the wait came to is noted too (Conclude), so that a call that comes later gets that.
//
//   absl::Status status = co_await store.Once(context, std::move(mutation), result);
//   ...
//   store.Conclude(context, result.object);
//
// Failures that asking again may cure (the connection, a rate limit, another mutation in progress, a quota) are not
// kept: the next call with the id tries again. If a mutation may have been carried out, that call's mutation is told
// since when (RequestKey::earlier), and settles it.
//
// With persistence, ids outlive the daemon: what a mutation came to, though not what was answered. The mutation of a
// call with such an id is told what it was about, and finds the answer; or that it may have been carried out, if the
// daemon was killed meanwhile.
//
// Calls without a request id pass through. Loop thread only. T is a message of the contract.
class IdempotencyStore {
 public:
  template <typename T>
  using Mutation = std::function<Task<absl::StatusOr<T>>(CallContext)>;

  // `persistence` may be null.
  IdempotencyStore(Executor executor, Clock& clock, IdempotencyStoreOptions options = {},
                   RequestPersistence* persistence = nullptr)
      : executor_(executor), clock_(clock), options_(options), persistence_(persistence) {}

  // What an earlier daemon left there, in the order in which it came about. Before the first call.
  void Restore(std::vector<StoredRequest> stored);

  // INVALID_ARGUMENT (REQUEST_ID_REUSED) if the id belongs to another request. `mutation` runs with a context of its
  // own, which ends when nobody waits any more, and is to be honoured up to the moment when the mutation is sent.
  template <typename T>
  Task<absl::Status> Once(CallContext context, Mutation<T> mutation, MutationResult<T>& result);

  // The operation has ended well, with this.
  template <typename T>
  void Conclude(const CallContext& context, const T& object) {
    if (context.request_key() != nullptr) Note(context.request_key()->id, AnswerOf(object));
  }

 private:
  // What came of a mutation: bytes of its message, small, because there may be many; and what it is about.
  struct Answer {
    std::string bytes;
    std::string id;
    std::string name;
  };
  template <typename T>
  static Answer AnswerOf(const T& object) {
    return Answer{object.SerializeAsString(), object.id(), object.name()};
  }
  static Answer AnswerOf(const v1::GetVolumeResponse& response) {
    return Answer{response.SerializeAsString(), response.volume().id(), response.volume().name()};
  }
  using Outcome = absl::StatusOr<Answer>;
  using OutcomeFlight = Flight<Outcome>;
  struct Entry {
    std::string digest;
    std::shared_ptr<OutcomeFlight> flight;  // while it is in progress
    std::optional<Outcome> outcome;
    bool concluded = false;
    // A mutation that may have been carried out, or was, by an earlier daemon.
    std::optional<EarlierRequest> earlier;
    size_t size = 0;  // as it is counted in bytes_
    uint64_t serial = 0;
  };
  struct Expiry {
    Clock::TimePoint when;
    std::string id;
    uint64_t serial;
  };

  using AnswerMutation = std::function<Task<Outcome>(CallContext)>;

  Task<Outcome> OnceAsAnswer(CallContext context, AnswerMutation mutation, bool& concluded);
  Task<Outcome> Run(CallContext context, AnswerMutation mutation);
  // Nullopt if it has no outcome yet.
  std::optional<StoredRequest> NoteEnd(const RequestKey& key, const Outcome& result, bool may_have_mutated);
  void Note(const std::string& id, Answer answer);
  void Keep(const std::string& id, Entry& entry, Clock::Duration age = {});
  void DropOldest();
  void DropExpired();

  template <typename T>
  static Task<Outcome> ToAnswer(std::shared_ptr<Mutation<T>> mutation, CallContext context) {
    const absl::StatusOr<T> object = co_await (*mutation)(std::move(context));
    if (!object.ok()) co_return object.status();
    co_return AnswerOf(*object);
  }

  Executor executor_;
  Clock& clock_;
  IdempotencyStoreOptions options_;
  RequestPersistence* const persistence_;
  absl::flat_hash_map<std::string, std::unique_ptr<Entry>> entries_;
  std::deque<Expiry> expiries_;  // of what is kept, the oldest first
  size_t bytes_ = 0;             // of what is kept
  uint64_t last_serial_ = 0;
};

template <typename T>
Task<absl::Status> IdempotencyStore::Once(CallContext context, Mutation<T> mutation, MutationResult<T>& result) {
  if (context.request_key() == nullptr) {
    absl::StatusOr<T> object = co_await mutation(std::move(context));
    if (object.ok()) result.object = *std::move(object);
    co_return object.status();
  }
  auto shared = std::make_shared<Mutation<T>>(std::move(mutation));
  AnswerMutation as_answer = [shared](CallContext own) { return ToAnswer<T>(shared, std::move(own)); };
  const Outcome answer = co_await OnceAsAnswer(std::move(context), std::move(as_answer), result.concluded);
  if (!answer.ok()) co_return answer.status();
  const bool parsed = result.object.ParseFromString(answer->bytes);
  co_return parsed ? absl::OkStatus() : absl::InternalError("an outcome that was kept can't be read");
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IDEMPOTENCY_STORE_H_
