#include "daemon/state/cache_updating_api.h"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "daemon/api/generic_api.h"
#include "daemon/api/results.h"
#include "daemon/base/absent.h"

namespace daytonad {
namespace {

class CacheUpdatingApi final : public ApiDecorator<CacheUpdatingApi> {
 public:
  CacheUpdatingApi(Api& inner, ObjectCaches& caches, Clock& clock)
      : ApiDecorator(inner), caches_(caches), clock_(clock) {}

  template <typename Op>
  Task<typename Op::Result> RunAny(CallContext context, Op op) {
    const OperationInfo info = op.info();
    if (MutatesObject(info)) {
      MutationInFlight mutation = Begin(info);
      return Mutate(std::move(mutation), inner_.Run(std::move(context), std::move(op)));
    }
    if constexpr (ReturnsObject<Op>) {
      if (info.role == OperationRole::kGet) return Get(std::move(context), std::move(op));
    }
    if constexpr (ReturnsItems<Op>) {
      if (info.role == OperationRole::kList) return List(std::move(context), std::move(op));
    }
    return inner_.Run(std::move(context), std::move(op));
  }

 private:
  // --- Mutations ---

  struct MutationInFlight {
    ObjectKind kind = ObjectKind::kNone;
    bool deletes = false;
    PendingMutation pending;
    Clock::TimePoint sent;
  };

  static bool MutatesObject(const OperationInfo& info) {
    const bool about_object = info.role == OperationRole::kCreate || !info.key.empty();
    return info.effect() == Effect::kMutation && info.kind != ObjectKind::kNone && about_object;
  }

  MutationInFlight Begin(const OperationInfo& info) {
    MutationInFlight mutation;
    mutation.kind = info.kind;
    mutation.deletes = info.role == OperationRole::kDelete;
    mutation.pending = caches_.Visit(info.kind, [&](auto& cache) {
      return info.role == OperationRole::kCreate ? cache.BeginCreate() : cache.BeginMutation(info.key);
    });
    mutation.sent = clock_.Now();
    return mutation;
  }

  // `send` does not hold the operation any more: thousands of creates may wait here.
  template <typename Result>
  Task<Result> Mutate(MutationInFlight mutation, Task<Result> send) {
    Result answer = co_await std::move(send);
    End(mutation, answer);
    co_return answer;
  }

  template <typename Result>
  void End(const MutationInFlight& mutation, const Result& answer) {
    caches_.Visit(mutation.kind, [&]<typename T>(ObjectCache<T>& cache) {
      const T* const object = ObjectIn<T>(answer);
      cache.EndMutation(mutation.pending, object, mutation.sent);
      if (!mutation.deletes || object != nullptr || !StatusOf(answer).ok()) return;
      // Deletions go by id.
      cache.ObserveDeleting(mutation.pending.id.empty() ? mutation.pending.name : mutation.pending.id, clock_.Now());
    });
  }

  // --- Reads ---

  // If the answer is older than the cached state, returns the cached object, or asks upstream again.
  template <typename Op>
  Task<typename Op::Result> Get(CallContext context, Op op) {
    using T = ReturnedObject<Op>;
    // Give up at last: an object that changes all the time never settles.
    constexpr int kAttempts = 3;
    ObjectCache<T>& cache = caches_.Of<T>();
    const std::string key = op.info().key;
    for (int attempt = 1;; ++attempt) {
      const Revision since = cache.NextRevision();
      const Clock::TimePoint at = clock_.Now();
      absl::StatusOr<T> seen = co_await inner_.Run(context, op);
      if (IsAbsent(seen.status())) cache.ObserveNotFound(key, since, seen.status());
      if (!seen.ok()) co_return seen;
      cache.Observe(*seen, ObservationSource::kRead, since, at);
      // For sandboxes and snapshots, upstream tries the id first. If the answer matches by name only, an object with
      // this id no longer exists.
      const bool only_name = seen->id() != key && seen->name() == key;
      if (only_name && !std::is_same_v<T, v1::Volume>) cache.ObserveNotFound(key, since);
      if (attempt == kAttempts || !cache.IsOutdated(*seen, since)) co_return seen;
      if (const auto newer = cache.index().Find(key)) co_return *newer->object;
    }
  }

  // Feeds the items into the cache, updates them with newer cached state, and drops those that the list does not show
  // then. Lists lag by seconds: one that is read after a mutation may still show the state before it.
  template <typename Op>
  Task<typename Op::Result> List(CallContext context, Op op) {
    ObjectCache<ItemOf<Op>>& cache = caches_.Of<ItemOf<Op>>();
    const Revision since = cache.NextRevision();
    const Clock::TimePoint at = clock_.Now();
    typename Op::Result result = co_await inner_.Run(std::move(context), op);
    if (!result.ok()) co_return result;
    std::vector<ItemOf<Op>>& items = ItemsIn(*result);
    for (const ItemOf<Op>& item : items) cache.Observe(item, ObservationSource::kListItem, since, at);
    const Clock::TimePoint now = clock_.Now();
    std::erase_if(items, [&](ItemOf<Op>& item) {
      const bool exists = cache.Correct(item, since, now);
      return !op.Shows(item, exists);
    });
    co_return result;
  }

  ObjectCaches& caches_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<Api> MakeCacheUpdatingApi(Api& inner, ObjectCaches& caches, Clock& clock) {
  return std::make_unique<CacheUpdatingApi>(inner, caches, clock);
}

}  // namespace daytonad
