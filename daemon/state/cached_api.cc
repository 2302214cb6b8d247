#include "daemon/state/cached_api.h"

#include <utility>

#include "daemon/api/generic_api.h"
#include "daemon/api/results.h"

namespace daytonad {
namespace {

class CachedApi final : public ApiDecorator<CachedApi> {
 public:
  CachedApi(Api& inner, ObjectCaches& caches, Clock& clock) : ApiDecorator(inner), caches_(caches), clock_(clock) {}

  template <typename Op>
  Task<typename Op::Result> RunAny(CallContext context, Op op) {
    if constexpr (ReturnsObject<Op>) {
      if (MayUseCache(context)) {
        if (auto cached = Find<ReturnedObject<Op>>(context, op.info())) return Answer(std::move(cached));
      }
    }
    return inner_.Run(std::move(context), std::move(op));
  }

 private:
  static bool MayUseCache(const CallContext& context) {
    const std::optional<ReadTerms>& terms = context.read_terms();
    return terms.has_value() && terms->max_age != Clock::Duration::zero();
  }

  template <typename T>
  typename CacheIndex<T>::EntryPtr EntryOf(const OperationInfo& info) {
    const CacheIndex<T>& index = caches_.Of<T>().index();
    switch (info.key_form) {
      case KeyForm::kId:
        return index.FindId(info.key);
      case KeyForm::kName:
        return index.FindName(info.key);
      default:
        return index.Find(info.key);
    }
  }

  // The cached object; null if upstream must be asked.
  template <typename T>
  std::shared_ptr<const T> Find(const CallContext& context, const OperationInfo& info) {
    if (info.caching == Caching::kNever) return nullptr;
    CallFacts& facts = context.facts();
    const auto entry = EntryOf<T>(info);
    const Clock::TimePoint now = clock_.Now();
    if (entry == nullptr || !caches_.freshness.IsFresh(entry->confirmed_at, now, context.read_terms()->max_age)) {
      facts.read_source = ReadSource::kMiss;
      return nullptr;
    }
    entry->used = true;
    facts.read_source = ReadSource::kHit;
    facts.age = now - entry->confirmed_at;
    return entry->object;
  }

  template <typename T>
  static Task<absl::StatusOr<T>> Answer(std::shared_ptr<const T> object) {
    co_return *object;
  }

  ObjectCaches& caches_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<Api> MakeCachedApi(Api& inner, ObjectCaches& caches, Clock& clock) {
  return std::make_unique<CachedApi>(inner, caches, clock);
}

}  // namespace daytonad
