#ifndef DAYTONAD_DAEMON_OPERATIONS_SETTLE_H_
#define DAYTONAD_DAEMON_OPERATIONS_SETTLE_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/call_context.h"
#include "daemon/base/error.h"
#include "daemon/base/task.h"
#include "daemon/operations/polling.h"

// What became of a create whose answer was lost.
//
// Naively the error would be passed on; then the caller tries again, meets a taken name, and an orphan runs up costs.
// So the daemon asks itself: it posts the same create again. If the first one never arrived, this is it; if it did, the
// name is taken, and whoever has it is looked up in a list (never by a GET of the name, which upstream
// forgets for ten seconds after a delete by name) and adopted if it can only be what the first request made.
namespace daytonad {

// Upstream may have done it, or not.
inline bool OutcomeUnknown(const absl::Status& status) {
  return !status.ok() && ErrorMetadataValue(status, "outcome") == "unknown";
}

inline bool NameTaken(const absl::Status& status) { return ErrorReason(status) == "NAME_TAKEN"; }

// Something was made after this moment, which was taken just before it was asked for. Upstream's clock is not ours; a
// minute makes up for that.
class MadeSince {
 public:
  MadeSince() : since_(std::chrono::system_clock::now() - std::chrono::minutes(1)) {}

  template <typename T>
  bool operator()(const T& object) const {
    const auto created = std::chrono::seconds(object.created_at().seconds());
    return std::chrono::system_clock::time_point(created) >= since_;
  }

 private:
  std::chrono::system_clock::time_point since_;
};

template <typename T>
struct CreateRequest {
  std::function<Task<absl::StatusOr<T>>(CallContext)> post;
  // Looks once for what has the name: whole, or nullopt if it is not seen (yet). Empty if there is no name, and then
  // nothing can be settled.
  std::function<Task<absl::StatusOr<std::optional<T>>>(CallContext)> find;
  // Can what was found only be made by this request?
  std::function<bool(const T&)> is_ours;
  // The name itself says so: it is derived from the request id. Then a taken name alone proves that the create was done
  // before, perhaps by another daemon.
  bool name_is_ours = false;
};

// Lists lag behind: what has a taken name is looked for this long.
inline constexpr auto kFindLimit = std::chrono::seconds(15);

// Looks for what has a taken name until it is seen. Nullopt if it is not, within kFindLimit.
template <typename T>
Task<std::optional<T>> FindTaken(Clock& clock, CallContext context, CreateRequest<T>& request) {
  const CallContext limited = context.WithDeadline(clock.Now() + kFindLimit);
  PollBackoff backoff{PollPolicy()};
  while (true) {
    absl::StatusOr<std::optional<T>> found = co_await request.find(limited);
    if (found.ok() && found->has_value()) co_return *std::move(found);
    if (!found.ok() && !IsPassing(found.status())) co_return std::nullopt;
    absl::Status slept = co_await clock.Sleep(limited, backoff.Next());
    if (!slept.ok()) co_return std::nullopt;
  }
}

// Posts, and settles what is not known. The answer is the new object, or upstream's refusal; an error whose metadata
// still say `outcome: unknown` could not be settled. `request` outlives the call.
template <typename T>
Task<absl::StatusOr<T>> CreateOrAdopt(Clock& clock, CallContext context, CreateRequest<T>& request) {
  absl::StatusOr<T> first = co_await request.post(context);
  if (first.ok() || !request.find) co_return first;
  absl::Status taken = first.status();
  if (OutcomeUnknown(first.status())) {
    if (!context.Check(clock.Now()).ok()) co_return first;
    absl::StatusOr<T> second = co_await request.post(context);
    if (second.ok()) co_return second;
    taken = second.status();
    if (!NameTaken(taken)) co_return first;  // a refusal for another reason says nothing of the first one
  } else if (!NameTaken(taken) || !request.name_is_ours) {
    co_return first;
  }
  std::optional<T> found = co_await FindTaken(clock, context, request);
  if (!found.has_value()) co_return first;
  if (!request.name_is_ours && !request.is_ours(*found)) co_return taken;
  co_return *std::move(found);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SETTLE_H_
