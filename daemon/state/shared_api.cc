#include "daemon/state/shared_api.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/api/generic_api.h"
#include "daemon/api/results.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/event.h"
#include "daemon/base/flight.h"
#include "daemon/base/log.h"
#include "daemon/state/single_flight.h"

namespace daytonad {
namespace {

// The reads in flight of one operation.
template <typename Op>
class ReadsOf : public SingleFlight<typename Op::Result> {
 public:
  using SingleFlight<typename Op::Result>::SingleFlight;
};

// The reads in flight of all operations.
template <typename List>
class ReadsInFlight;
template <typename... Ops>
class ReadsInFlight<std::tuple<Ops...>> : private ReadsOf<Ops>... {
 public:
  ReadsInFlight(Executor executor, Clock& clock, Clock::Duration limit) : ReadsOf<Ops>(executor, clock, limit)... {}

  template <typename Op>
  SingleFlight<typename Op::Result>& Of() {
    return static_cast<ReadsOf<Op>&>(*this);
  }

  void Forget(ObjectKind kind, const std::string& object) { (ReadsOf<Ops>::Forget(kind, object), ...); }
  void ForgetAll(ObjectKind kind) { (ReadsOf<Ops>::ForgetAll(kind), ...); }
};

class SharedApiImpl final : public ApiDecorator<SharedApiImpl, SharedApi> {
 public:
  SharedApiImpl(Api& inner, ObjectCaches& caches, Executor executor, Clock& clock, SharedApiOptions options)
      : ApiDecorator(inner),
        caches_(caches),
        executor_(executor),
        clock_(clock),
        options_(options),
        reads_(executor, clock, options.read_limit) {}

  template <typename Op>
  Task<typename Op::Result> RunAny(CallContext context, Op op) {
    const OperationInfo info = op.info();
    if (info.effect() == Effect::kMutation) return Mutate(std::move(context), info, std::move(op));
    if constexpr (Shareable<Op>) {
      std::string parameters = absl::StrCat(AbslView(info.name), "/", op.share_key());
      ReadKey key{info.kind, info.key, std::move(parameters)};
      typename Flight<typename Op::Result>::Work work = [this, op = std::move(op)](CallContext own) mutable {
        return inner_.Run(std::move(own), std::move(op));
      };
      return reads_.Of<Op>().Do(std::move(context), std::move(key), std::move(work));
    } else {
      return inner_.Run(std::move(context), std::move(op));
    }
  }

  Task<absl::Status> WaitForMutations(CallContext context) override {
    if (mutations_ == 0) co_return absl::OkStatus();
    co_return co_await settled_.Wait(clock_, std::move(context));
  }

 private:
  // The reads that a mutation affects: of these keys and lists of this kind; without keys, all reads of this kind.
  struct Outdated {
    ObjectKind kind;
    std::vector<std::string> keys;
  };

  Outdated OutdatedBy(const OperationInfo& info) {
    Outdated outdated{info.kind, {info.key}};
    if (info.role == OperationRole::kCreate) return outdated;
    outdated.keys = caches_.Visit(info.kind, [&](auto& cache) -> std::vector<std::string> {
      const auto* const cached = cache.Find(info.key);
      if (cached == nullptr) return {};
      return {info.key, cached->object->id(), cached->object->name()};
    });
    return outdated;
  }

  void Forget(const Outdated& outdated) {
    if (outdated.keys.empty()) return reads_.ForgetAll(outdated.kind);
    reads_.Forget(outdated.kind, "");  // the lists
    for (const std::string& key : outdated.keys) reads_.Forget(outdated.kind, key);
  }

  template <typename Op>
  Task<typename Op::Result> Mutate(CallContext context, const OperationInfo& info, Op op) {
    using Result = typename Op::Result;
    typename Flight<Result>::Work work = [this, outdated = OutdatedBy(info),
                                          op = std::move(op)](CallContext own) mutable {
      Forget(outdated);
      Task<Result> send = inner_.Run(own, std::move(op));
      return RunMutation(std::move(own), std::move(outdated), std::move(send));
    };
    // A caller with a later deadline may wait longer in the queue of a rate limit.
    const Clock::TimePoint limit = std::max(context.latest_deadline(), clock_.Now() + options_.mutation_limit);
    auto flight = Flight<Result>::Start(executor_, context, limit, std::move(work));
    // The outcome under a request id is recorded, so wait for it.
    if (context.request_key() != nullptr) {
      return Flight<Result>::JoinToTheEnd(std::move(flight), clock_, std::move(context));
    }
    return Flight<Result>::Join(std::move(flight), clock_, std::move(context));
  }

  // `send` does not hold the operation any more: thousands of creates may wait here.
  template <typename Result>
  Task<Result> RunMutation(CallContext context, Outdated outdated, Task<Result> send) {
    ++mutations_;
    Result result = co_await std::move(send);
    if (--mutations_ == 0) std::exchange(settled_, Event()).Fire();
    Forget(outdated);
    // The answer may tell an id that was not known before.
    const std::string id = IdIn(outdated.kind, result);
    if (!id.empty()) reads_.Forget(outdated.kind, id);
    if (context.cancelled()) {
      Log(LogLevel::kInfo, context, "a mutation was answered after its caller had left",
          {{"outcome", StatusOf(result).ok() ? "done" : StatusOf(result).ToString()}});
    }
    co_return result;
  }

  // The id of the object in the result; empty if there is none.
  template <typename Result>
  std::string IdIn(ObjectKind kind, const Result& result) {
    return caches_.Visit(kind, [&]<typename T>(ObjectCache<T>&) {
      const T* const object = ObjectIn<T>(result);
      return object == nullptr ? std::string() : object->id();
    });
  }

  ObjectCaches& caches_;
  Executor executor_;
  Clock& clock_;
  SharedApiOptions options_;
  ReadsInFlight<Operations> reads_;
  int mutations_ = 0;  // in flight
  Event settled_;      // fires, and is replaced, when none is in flight
};

}  // namespace

std::unique_ptr<SharedApi> SharedApi::Make(Api& inner, ObjectCaches& caches, Executor executor, Clock& clock,
                                           SharedApiOptions options) {
  return std::make_unique<SharedApiImpl>(inner, caches, executor, clock, options);
}

}  // namespace daytonad
