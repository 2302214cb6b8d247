#include "daemon/state/resolving_api.h"

#include <utility>

#include "daemon/base/absent.h"
#include "daemon/base/ids.h"

namespace daytonad {

template <typename T>
std::optional<std::string> ResolvingApi::IdOf(const ObjectCache<T>& cache, const std::string& name) {
  const auto* const named = cache.FindName(name);
  if (named == nullptr) return std::nullopt;
  return named->object->id();
}

// --- Reads ---

template <typename T>
Task<std::optional<absl::StatusOr<T>>> ResolvingApi::GetNamed(Reads<T> reads, CallContext context, std::string name) {
  const std::optional<std::string> id = IdOf(reads.cache, name);
  if (!id.has_value()) co_return std::nullopt;
  absl::StatusOr<T> seen = co_await (inner_.*reads.by_id)(std::move(context), *id);
  if (IsAbsent(seen.status())) co_return std::nullopt;
  if (seen.ok() && (seen->name() != name || IsGone(*seen))) co_return std::nullopt;
  co_return std::move(seen);
}

template <typename T>
Task<absl::StatusOr<T>> ResolvingApi::Get(Reads<T> reads, CallContext context, std::string key) {
  if (!LooksLikeUuid(key)) {
    std::optional<absl::StatusOr<T>> named = co_await GetNamed(reads, context, key);
    if (named.has_value()) co_return *std::move(named);
  }
  absl::StatusOr<T> seen = co_await (inner_.*reads.as_asked)(context, key);
  if (!IsAbsent(seen.status())) co_return seen;
  // The name may have been cached meanwhile, and upstream may not find it for a while.
  std::optional<absl::StatusOr<T>> named = co_await GetNamed(reads, std::move(context), std::move(key));
  if (named.has_value()) co_return *std::move(named);
  co_return seen;
}

Task<absl::StatusOr<v1::Sandbox>> ResolvingApi::GetSandbox(CallContext context, std::string id_or_name) {
  if (caches_.sandboxes.HasId(id_or_name)) return inner_.GetSandbox(std::move(context), std::move(id_or_name));
  return Get(sandboxes(), std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<v1::Snapshot>> ResolvingApi::GetSnapshot(CallContext context, std::string id_or_name) {
  if (caches_.snapshots.HasId(id_or_name)) return inner_.GetSnapshot(std::move(context), std::move(id_or_name));
  const Reads<v1::Snapshot> reads{caches_.snapshots, &Api::GetSnapshot, &Api::GetSnapshot};
  return Get(reads, std::move(context), std::move(id_or_name));
}

Task<absl::StatusOr<v1::Volume>> ResolvingApi::GetVolumeByName(CallContext context, std::string name) {
  const Reads<v1::Volume> reads{caches_.volumes, &Api::GetVolumeById, &Api::GetVolumeByName};
  return Get(reads, std::move(context), std::move(name));
}

// --- Mutations ---

Task<absl::StatusOr<std::string>> ResolvingApi::TargetOf(CallContext context, std::string key, bool must_be_id) {
  if (caches_.sandboxes.HasId(key)) co_return key;
  const bool may_be_id = LooksLikeUuid(key);
  const Known<v1::Sandbox>* const named = caches_.sandboxes.FindName(key);
  if (named == nullptr && (may_be_id || !must_be_id)) co_return key;
  const bool fresh =
      named != nullptr && !may_be_id && caches_.freshness.IsFresh(named->confirmed_at, clock_.Now(), std::nullopt);
  if (fresh) co_return named->object->id();
  absl::StatusOr<v1::Sandbox> seen = co_await GetSandbox(context.WithReadTerms(std::nullopt), std::move(key));
  if (!seen.ok()) co_return seen.status();
  co_return seen->id();
}

Task<absl::StatusOr<v1::Sandbox>> ResolvingApi::Mutate(CallContext context, std::string key, bool must_be_id,
                                                       Send send) {
  absl::StatusOr<std::string> target = co_await TargetOf(context, key, must_be_id);
  if (!target.ok()) co_return target.status();
  absl::StatusOr<v1::Sandbox> answer = co_await send(context, *target);
  if (!IsAbsent(answer.status()) || caches_.sandboxes.HasId(key)) co_return answer;
  if (*target == key && caches_.sandboxes.FindName(key) == nullptr) co_return answer;
  // The target was deleted meanwhile and another object may have its name, or upstream does not find the name for a
  // while.
  absl::StatusOr<v1::Sandbox> named = co_await GetSandbox(context.WithReadTerms(std::nullopt), key);
  if (IsAbsent(named.status())) co_return named;
  if (!named.ok() || named->id() == *target) co_return answer;
  co_return co_await send(std::move(context), named->id());
}

Task<absl::StatusOr<v1::Sandbox>> ResolvingApi::StartSandbox(CallContext context, std::string id_or_name) {
  Send send = [this](CallContext call, std::string target) {
    return inner_.StartSandbox(std::move(call), std::move(target));
  };
  return Mutate(std::move(context), std::move(id_or_name), false, std::move(send));
}

Task<absl::StatusOr<v1::Sandbox>> ResolvingApi::StopSandbox(CallContext context, std::string id_or_name, bool force) {
  Send send = [this, force](CallContext call, std::string target) {
    return inner_.StopSandbox(std::move(call), std::move(target), force);
  };
  return Mutate(std::move(context), std::move(id_or_name), false, std::move(send));
}

Task<absl::StatusOr<v1::Sandbox>> ResolvingApi::DeleteSandbox(CallContext context, std::string id_or_name) {
  Send send = [this](CallContext call, std::string target) {
    return inner_.DeleteSandbox(std::move(call), std::move(target));
  };
  return Mutate(std::move(context), std::move(id_or_name), true, std::move(send));
}

}  // namespace daytonad
