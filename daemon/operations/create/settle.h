#ifndef DAYTONAD_DAEMON_OPERATIONS_CREATE_SETTLE_H_
#define DAYTONAD_DAEMON_OPERATIONS_CREATE_SETTLE_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/call_context.h"
#include "daemon/base/error.h"
#include "daemon/base/error_metadata.h"
#include "daemon/base/task.h"
#include "daemon/operations/base/outcome.h"
#include "daemon/operations/base/polling.h"
#include "daemon/operations/create/create_identity.h"

// Finds out the outcome of a create whose answer does not tell.
//
// Two kinds of answers cannot simply be passed on. A lost answer: the caller would try again, find the name taken, and
// an orphan would cause costs. And "the name is taken": upstream says so for every collision in its database, even for
// two builds of the same Dockerfile when nobody has the name.
//
// So the daemon repeats the create itself, also while upstream is unavailable. If the first one never arrived, the
// repeated one creates the object. If it did arrive, the name is taken: the object with that name is looked up in a
// list, and adopted if it can only be the result of this request. If the list does not show it, the list lags or the
// rejection was wrong: the create is repeated after a pause, until the call's deadline.
//
// The name is looked up in a list, never by a GET: after a deletion by name, upstream finds nothing by that name for 10
// s, even if another object has it.
namespace daytonad {

// Whether upstream may have carried it out.
inline bool OutcomeUnknown(const absl::Status& status) {
  return !status.ok() && ErrorMetadataValue(status, "outcome") == "unknown";
}

inline bool NameTaken(const absl::Status& status) { return ErrorReason(status) == "NAME_TAKEN"; }

// Whether an object was created after this time, which is taken just before the request. A minute allows for
// differences between upstream's clock and ours.
class MadeSince {
 public:
  explicit MadeSince(std::chrono::system_clock::time_point moment = std::chrono::system_clock::now())
      : since_(moment - std::chrono::minutes(1)) {}

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
  // Looks up the object with the name once: the full object, or nullopt if the list does not show it (yet).
  std::function<Task<absl::StatusOr<std::optional<T>>>(CallContext)> find;
  // Whether the object that was found is what this request asks for.
  std::function<bool(const T&)> fits;
  // The name is derived from the request id, so only requests with that id use it. Then an object with the name may be
  // adopted even if it is older, perhaps created through another daemon.
  bool name_is_ours = false;
};

// The result of a create.
template <typename T>
struct Made {
  T object;
  // It existed already, and is taken for the result of a lost request.
  bool adopted = false;
};

// Lists lag: how long to look for an object that is known to exist.
inline constexpr auto kFindLimit = std::chrono::seconds(15);

// Each attempt counts against the rate limit of creates.
inline constexpr PollPolicy kRepostPolicy = {.growth = 1.5, .longest = std::chrono::seconds(2)};

// Looks for the object with the name until the list shows it. Nullopt if it does not within kFindLimit.
template <typename T>
Task<std::optional<T>> FindSoon(Clock& clock, CallContext context, CreateRequest<T>& request) {
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

// Decides whether the object with the taken name is ours. It may be if the answer to one of our requests was `lost`.
template <typename T>
absl::StatusOr<Made<T>> Adopt(const CreateRequest<T>& request, T found, const MadeSince& made_since, bool lost,
                              const absl::Status& taken) {
  const bool ours = request.name_is_ours || (lost && made_since(found));
  if (ours && request.fits(found)) return Made<T>{std::move(found), true};
  return request.name_is_ours ? Naming(RequestIdReusedError(), found) : taken;
}

// Posts the create and settles unknown outcomes, including that of an earlier call with the same request id. Returns
// the new object, or upstream's rejection. An error whose metadata still say `outcome: unknown` could not be settled.
// `request` outlives the call.
template <typename T>
Task<absl::StatusOr<Made<T>>> CreateOrAdopt(Clock& clock, CallContext context, CreateRequest<T>& request) {
  const bool lost_earlier = MayHaveMutatedEarlier(context);
  const MadeSince made_since = lost_earlier ? MadeSince(EarlierOf(context)->since) : MadeSince();
  absl::Status lost;  // the error of the first request that may have been carried out
  PollBackoff backoff{kRepostPolicy};
  while (true) {
    absl::StatusOr<T> answer = co_await request.post(context);
    if (answer.ok()) co_return Made<T>{*std::move(answer)};
    absl::Status refused = answer.status();
    if (NameTaken(refused)) {
      absl::StatusOr<std::optional<T>> found = co_await request.find(context);
      if (found.ok() && found->has_value()) {
        const bool may_be_ours = lost_earlier || !lost.ok();
        co_return Adopt(request, **std::move(found), made_since, may_be_ours, refused);
      }
      if (!found.ok() && !IsPassing(found.status())) co_return lost.ok() ? refused : lost;
    } else if (OutcomeUnknown(refused)) {
      if (!lost.ok() && !IsPassing(refused)) co_return lost;  // an internal error of upstream, again
      if (lost.ok()) lost = refused;
    } else if (lost.ok() || !absl::IsUnavailable(refused)) {
      co_return lost.ok() ? refused : lost;  // a rejection for another reason says nothing about the first request
    }
    absl::Status slept = co_await clock.Sleep(context, backoff.Next());
    if (!slept.ok()) co_return lost.ok() ? WithMetadataOf(std::move(slept), refused) : lost;
  }
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_CREATE_SETTLE_H_
