#ifndef DAYTONAD_DAEMON_OPERATIONS_REQUESTS_IDEMPOTENCY_STORE_H_
#define DAYTONAD_DAEMON_OPERATIONS_REQUESTS_IDEMPOTENCY_STORE_H_

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
#include "daemon/operations/requests/request_persistence.h"

namespace daytonad {

struct IdempotencyStoreOptions {
  // How long an outcome is kept.
  Clock::Duration keep_for = std::chrono::hours(1);
  // The memory limit of all outcomes. The oldest ones are dropped early when it is exceeded.
  size_t max_bytes = size_t{64} << 20;
};

// The outcome of a mutation. T is the message of an object, or has the same functions: SerializeAsString,
// ParseFromString, id, name.
template <typename T>
struct MutationResult {
  T object;
  // The operation had ended when this was recorded: there is nothing left to wait for.
  bool concluded = false;
};

// Records what was done under each request id, so that a repeated call does not do it again.
//
// An operation has two halves: the mutation (everything that leads to one mutation upstream, lookups and settling
// included), and the wait that may follow. The mutation runs here. A call with the id of a mutation in progress joins
// it; a call with the id of a completed one gets its outcome. Then each call waits separately, with its own time limit.
// The result of the wait is recorded too (Conclude), for later calls.
//
//   absl::Status status = co_await store.Once(context, std::move(mutation), result);
//   ...
//   store.Conclude(context, result.object);
//
// Transient failures (the connection, a rate limit, another mutation in progress, a quota) are not recorded: the next
// call with the id tries again. If the failed mutation may have been carried out, that call's mutation learns since
// when (RequestKey::earlier), and settles the outcome.
//
// With persistence, ids and outcomes survive a restart, but not the answers. The mutation of a call with such an id
// learns which object it was about, and reads the answer again; or that it may have been carried out, if the daemon was
// killed meanwhile.
//
// Calls without a request id pass through. Loop thread only. T is a contract message.
class IdempotencyStore {
 public:
  template <typename T>
  using Mutation = std::function<Task<absl::StatusOr<T>>(CallContext)>;

  // `persistence` may be null.
  IdempotencyStore(Executor executor, Clock& clock, IdempotencyStoreOptions options = {},
                   RequestPersistence* persistence = nullptr)
      : executor_(executor), clock_(clock), options_(options), persistence_(persistence) {}

  // Restores what an earlier daemon persisted, oldest first. Call it before the first call.
  void Restore(std::vector<StoredRequest> stored);

  // Runs `mutation` once per request id. INVALID_ARGUMENT (REQUEST_ID_REUSED) if the id belongs to another request.
  // `mutation` gets a context of its own, which is cancelled when no caller waits any more; it must honour that until
  // the mutation is sent.
  template <typename T>
  Task<absl::Status> Once(CallContext context, Mutation<T> mutation, MutationResult<T>& result);

  // Records that the operation succeeded with this result.
  template <typename T>
  void Conclude(const CallContext& context, const T& object) {
    if (context.request_key() != nullptr) Note(context.request_key()->id, AnswerOf(object));
  }

 private:
  // A mutation's answer: the encoded message, which is small because there may be many, and the object's id and name,
  // if it contains them.
  struct Answer {
    std::string bytes;
    std::string id;
    std::string name;
  };
  template <typename T>
  static Answer AnswerOf(const T& answer) {
    if constexpr (requires { answer.id(); }) {
      return Answer{answer.SerializeAsString(), answer.id(), answer.name()};
    } else if constexpr (requires { answer.sandbox(); }) {
      return Answer{answer.SerializeAsString(), answer.sandbox().id(), answer.sandbox().name()};
    } else {
      return Answer{answer.SerializeAsString(), "", ""};
    }
  }
  using Outcome = absl::StatusOr<Answer>;
  using OutcomeFlight = Flight<Outcome>;
  struct Entry {
    std::string digest;
    std::shared_ptr<OutcomeFlight> flight;  // while the mutation is in progress
    std::optional<Outcome> outcome;
    bool concluded = false;
    // A mutation that may have been carried out, or that an earlier daemon carried out.
    std::optional<EarlierRequest> earlier;
    size_t size = 0;  // as counted in bytes_
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
  // Records the end of a mutation. Nullopt if there is no final outcome.
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
  std::deque<Expiry> expiries_;  // of recorded outcomes, oldest first
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

#endif  // DAYTONAD_DAEMON_OPERATIONS_REQUESTS_IDEMPOTENCY_STORE_H_
