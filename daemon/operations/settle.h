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
#include "daemon/base/error_metadata.h"
#include "daemon/base/task.h"
#include "daemon/operations/create_identity.h"
#include "daemon/operations/outcome.h"
#include "daemon/operations/polling.h"

// What became of a create whose answer does not settle it.
//
// Naively the answer would be passed on. Two answers can't be taken as they are. One that is lost: the caller tries
// again, meets a taken name, and an orphan runs up costs. And that the name is taken: upstream says so of every
// collision in its database, that of two builds of the same Dockerfile among them, though nobody has the name.
//
// So the daemon asks itself: it posts the same create again, and again while upstream is away. If the first one never
// arrived, this is it; if it did, the name is taken, and whoever has it is looked up in a list and adopted, if it can
// only be what this request asked for. If the list shows nobody, it lags or the refusal was false: the create is posted
// again after a pause, for as long as the call may take.
//
// The name is looked up in a list, never by a GET: after something was deleted by its name, upstream finds nothing by
// that name for 10 s, whoever has it since.
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
  // Looks once for what has the name: whole, or nullopt if it is not seen (yet).
  std::function<Task<absl::StatusOr<std::optional<T>>>(CallContext)> find;
  // Is what was found what this request asks for?
  std::function<bool(const T&)> fits;
  // Nobody comes to this name but by this request, or by one with its request id: it is derived from that. Then what
  // has the name may be adopted though it was made before, perhaps by another daemon.
  bool name_is_ours = false;
};

// What came of a create.
template <typename T>
struct Made {
  T object;
  // It was there already, and is taken for what a lost request made.
  bool adopted = false;
};

// Lists lag behind: what is known to be there is looked for this long.
inline constexpr auto kFindLimit = std::chrono::seconds(15);

// Each time costs a create of the rate limit.
inline constexpr PollPolicy kRepostPolicy = {.growth = 1.5, .longest = std::chrono::seconds(2)};

// Looks for what has the name until it is seen. Nullopt if it is not, within kFindLimit.
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

// What has the name that was refused as `taken`: ours or another's? It may be ours if one of our requests was `lost`.
template <typename T>
absl::StatusOr<Made<T>> Adopt(const CreateRequest<T>& request, T found, const MadeSince& made_since, bool lost,
                              const absl::Status& taken) {
  const bool ours = request.name_is_ours || (lost && made_since(found));
  if (ours && request.fits(found)) return Made<T>{std::move(found), true};
  return request.name_is_ours ? Naming(RequestIdReusedError(), found) : taken;
}

// Posts, and settles what is not known, that of an earlier call with the same request id included. The answer is the
// new object, or upstream's refusal; an error whose metadata still say `outcome: unknown` could not be settled.
// `request` outlives the call.
template <typename T>
Task<absl::StatusOr<Made<T>>> CreateOrAdopt(Clock& clock, CallContext context, CreateRequest<T>& request) {
  const bool lost_earlier = MayHaveMutatedEarlier(context);
  const MadeSince made_since = lost_earlier ? MadeSince(EarlierOf(context)->since) : MadeSince();
  absl::Status lost;  // of the first request that may have been carried out
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
      if (!lost.ok() && !IsPassing(refused)) co_return lost;  // a fault of upstream's own, again
      if (lost.ok()) lost = refused;
    } else if (lost.ok() || !absl::IsUnavailable(refused)) {
      co_return lost.ok() ? refused : lost;  // a refusal for another reason says nothing of the first request
    }
    absl::Status slept = co_await clock.Sleep(context, backoff.Next());
    if (!slept.ok()) co_return lost.ok() ? WithMetadataOf(std::move(slept), refused) : lost;
  }
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SETTLE_H_
