#include "daemon/state/resolving_api.h"

#include <optional>
#include <string>
#include <utility>

#include "daemon/api/generic_api.h"
#include "daemon/api/results.h"
#include "daemon/base/absent.h"
#include "daemon/base/ids.h"

namespace daytonad {
namespace {

class ResolvingApi final : public ApiDecorator<ResolvingApi> {
 public:
  ResolvingApi(Api& inner, ObjectCaches& caches, Clock& clock) : ApiDecorator(inner), caches_(caches), clock_(clock) {}

  template <typename Op>
  Task<typename Op::Result> RunAny(CallContext context, Op op) {
    if constexpr (NamesObject<Op>) {
      const OperationInfo info = op.info();
      const bool may_be_name = info.key_form != KeyForm::kId && !info.key.empty() && info.kind != ObjectKind::kNone;
      if constexpr (ReturnsObject<Op>) {
        if (may_be_name && info.role == OperationRole::kGet) return Get(std::move(context), std::move(op));
      }
      if (may_be_name && info.role != OperationRole::kGet) return RunOnTarget(std::move(context), std::move(op));
    }
    return inner_.Run(std::move(context), std::move(op));
  }

 private:
  // --- Reads of an object ---

  template <typename Op>
  Task<typename Op::Result> Get(CallContext context, Op op) {
    const OperationInfo info = op.info();
    if (info.key_form == KeyForm::kIdOrName && HasId(info.kind, info.key)) {
      co_return co_await inner_.Run(std::move(context), std::move(op));
    }
    if (!LooksLikeUuid(info.key)) {
      std::optional<typename Op::Result> named = co_await GetNamed(context, op, info.key);
      if (named.has_value()) co_return *std::move(named);
    }
    typename Op::Result seen = co_await inner_.Run(context, op);
    if (!IsAbsent(seen.status())) co_return seen;
    // The name may have been cached meanwhile, and upstream may not find it for a while.
    std::optional<typename Op::Result> named = co_await GetNamed(std::move(context), std::move(op), info.key);
    if (named.has_value()) co_return *std::move(named);
    co_return seen;
  }

  // Reads the cached object with this name from upstream, by id. Nullopt if none is cached, or it no longer has the
  // name.
  template <typename Op>
  Task<std::optional<typename Op::Result>> GetNamed(CallContext context, Op op, std::string name) {
    const auto* const cached = caches_.Of<ReturnedObject<Op>>().FindName(name);
    if (cached == nullptr) co_return std::nullopt;
    op.set_id(cached->object->id());
    typename Op::Result seen = co_await inner_.Run(std::move(context), std::move(op));
    if (IsAbsent(seen.status())) co_return std::nullopt;
    if (seen.ok() && (seen->name() != name || IsGone(*seen))) co_return std::nullopt;
    co_return std::move(seen);
  }

  // --- Everything else that is about one object ---

  template <typename Op>
  Task<typename Op::Result> RunOnTarget(CallContext context, Op op) {
    const OperationInfo info = op.info();
    const bool must_be_id = info.role == OperationRole::kDelete;
    absl::StatusOr<std::string> target = co_await TargetOf(context, info.kind, info.key, must_be_id);
    if (!target.ok()) co_return target.status();
    if (*target != info.key) op.set_id(*target);
    typename Op::Result answer = co_await inner_.Run(context, op);
    if (!IsAbsent(StatusOf(answer)) || HasId(info.kind, info.key)) co_return answer;
    if (*target == info.key && !HasName(info.kind, info.key)) co_return answer;
    // The target was deleted meanwhile and another object may have its name, or upstream does not find the name for a
    // while.
    absl::StatusOr<std::string> named = co_await ReadId(context, info.kind, info.key);
    if (IsAbsent(named.status())) co_return named.status();
    if (!named.ok() || *named == *target) co_return answer;
    op.set_id(*std::move(named));
    co_return co_await inner_.Run(std::move(context), std::move(op));
  }

  // The id of the object that an operation is about, or the key that the caller gave if no cached object has that name.
  Task<absl::StatusOr<std::string>> TargetOf(CallContext context, ObjectKind kind, std::string key, bool must_be_id) {
    if (HasId(kind, key)) co_return key;
    const bool may_be_id = LooksLikeUuid(key);
    const bool named = HasName(kind, key);
    if (!named && (may_be_id || !must_be_id)) co_return key;
    if (named && !may_be_id) {
      if (std::optional<std::string> id = FreshId(kind, key)) co_return *std::move(id);
    }
    co_return co_await ReadId(std::move(context), kind, std::move(key));
  }

  // Asks upstream for the id of the object with this name.
  Task<absl::StatusOr<std::string>> ReadId(CallContext context, ObjectKind kind, std::string key) {
    context = context.WithReadTerms(std::nullopt);
    switch (kind) {
      case ObjectKind::kSnapshot:
        return IdIn(RunAny(std::move(context), GetSnapshot(std::move(key))));
      case ObjectKind::kVolume:
        return IdIn(RunAny(std::move(context), GetVolume::ByName(std::move(key))));
      default:
        return IdIn(RunAny(std::move(context), GetSandbox(std::move(key))));
    }
  }
  template <typename T>
  static Task<absl::StatusOr<std::string>> IdIn(Task<absl::StatusOr<T>> get) {
    absl::StatusOr<T> seen = co_await std::move(get);
    if (!seen.ok()) co_return seen.status();
    co_return seen->id();
  }

  bool HasId(ObjectKind kind, const std::string& id) {
    return caches_.Visit(kind, [&](const auto& cache) { return cache.HasId(id); });
  }
  bool HasName(ObjectKind kind, const std::string& name) {
    return caches_.Visit(kind, [&](const auto& cache) { return cache.FindName(name) != nullptr; });
  }
  // The id of the cached object with this name, if the cache may be trusted without a read.
  std::optional<std::string> FreshId(ObjectKind kind, const std::string& name) {
    return caches_.Visit(kind, [&](const auto& cache) {
      const auto* const cached = cache.FindName(name);
      const bool fresh = caches_.freshness.IsFresh(cached->confirmed_at, clock_.Now(), std::nullopt);
      return fresh ? std::optional<std::string>(cached->object->id()) : std::nullopt;
    });
  }

  ObjectCaches& caches_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<Api> MakeResolvingApi(Api& inner, ObjectCaches& caches, Clock& clock) {
  return std::make_unique<ResolvingApi>(inner, caches, clock);
}

}  // namespace daytonad
