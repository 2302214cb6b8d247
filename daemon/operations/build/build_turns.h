#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_BUILD_TURNS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_BUILD_TURNS_H_

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

// Lets one request for a build go ahead of other requests for the same build.
//
// Upstream keeps one record per combination of Dockerfile and contexts. Concurrent requests that create the same record
// collide: all but one are rejected as if a name were taken. Once one was accepted, the record exists and the others
// may go at once. Loop thread only.
class BuildTurns {
 private:
  struct First {
    Event over;
    bool accepted = false;
  };
  using Firsts = std::map<std::string, std::shared_ptr<First>>;

 public:
  // Held while the request is in flight. Empty if there is nothing to serialise.
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

    // Upstream has accepted the request.
    void Accepted() {
      if (firsts_ != nullptr) place_->second->accepted = true;
    }

   private:
    Firsts* firsts_ = nullptr;
    Firsts::iterator place_;
  };

  // Waits while a first request for this build is in flight. `build` outlives the call; without a build there is no
  // wait.
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

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_BUILD_TURNS_H_
