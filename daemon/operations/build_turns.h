#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_TURNS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_TURNS_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"
#include "daemon/base/task.h"

namespace daytonad {

// Lets one request for a build go ahead of the others that ask for the same.
//
// Upstream keeps one record for each combination of Dockerfile and contexts. Requests that make the same record at once
// collide, and all but one are refused, with words about a name that is taken. Once one has been accepted the record is
// there, and the others may go at once. Loop thread only.
class BuildTurns {
 private:
  struct First {
    Event over;
    bool accepted = false;
  };
  using Firsts = std::map<std::string, std::shared_ptr<First>>;

 public:
  // Held while the request is made. Empty for what need not wait for anybody, nor anybody for it.
  class Turn {
   public:
    Turn() = default;
    Turn(Firsts& firsts, Firsts::iterator place) : firsts_(&firsts), place_(place) {}
    Turn(Turn&& other) noexcept : firsts_(std::exchange(other.firsts_, nullptr)), place_(other.place_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (firsts_ == nullptr) return;
      const std::shared_ptr<First> first = std::move(place_->second);
      firsts_->erase(place_);
      first->over.Fire();
    }

    // Upstream has taken the request.
    void Accepted() {
      if (firsts_ != nullptr) place_->second->accepted = true;
    }

   private:
    Firsts* firsts_ = nullptr;
    Firsts::iterator place_;
  };

  // Waits while a first request for this build is under way. `build` outlives the call; without one there is no wait.
  Task<absl::StatusOr<Turn>> Take(Clock& clock, CallContext context, const std::optional<ImageBuild>& build) {
    if (!build.has_value()) co_return Turn();
    const std::string key = KeyOf(*build);
    while (true) {
      const auto [place, is_first] = firsts_.try_emplace(key);
      if (is_first) {
        place->second = std::make_shared<First>();
        co_return Turn(firsts_, place);
      }
      const std::shared_ptr<First> first = place->second;
      const QueueWait wait("", clock.Now());
      const QueueWaitScope waiting(context, clock, wait);
      absl::Status waited = co_await first->over.Wait(clock, context.WithDeadline(context.queue_until(clock.Now())));
      if (!waited.ok()) co_return waited;
      if (first->accepted) co_return Turn();
    }
  }

 private:
  static std::string KeyOf(const ImageBuild& build) {
    std::string key;
    if (build.context_hashes.has_value()) {
      for (const std::string& hash : *build.context_hashes) key += hash + '\n';
    }
    return key + '\n' + build.dockerfile;
  }

  Firsts firsts_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_TURNS_H_
