#ifndef DAYTONAD_DAEMON_API_TESTING_POLLING_WATCHES_H_
#define DAYTONAD_DAEMON_API_TESTING_POLLING_WATCHES_H_

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "daemon/api/api.h"
#include "daemon/api/watch.h"
#include "daemon/base/clock.h"
#include "daemon/base/error.h"

namespace daytonad {

// The simplest WatchApi, for tests of the layers above: each watch polls on its own, at once, then after 100 ms and
// after pauses that grow to a second.
class PollingWatches final : public WatchApi {
 public:
  PollingWatches(Api& api, Clock& clock) : api_(api), clock_(clock) {}

  std::unique_ptr<Watch<v1::Sandbox>> WatchSandbox(std::string id_or_name) override {
    return std::make_unique<PollingWatch<v1::Sandbox, SandboxApi>>(api_, clock_, &SandboxApi::GetSandbox, id_or_name);
  }
  std::unique_ptr<Watch<v1::Snapshot>> WatchSnapshot(std::string id_or_name) override {
    return std::make_unique<PollingWatch<v1::Snapshot, SnapshotApi>>(api_, clock_, &SnapshotApi::GetSnapshot,
                                                                     id_or_name);
  }
  std::unique_ptr<Watch<v1::Volume>> WatchVolume(std::string id) override {
    return std::make_unique<PollingWatch<v1::Volume, VolumeApi>>(api_, clock_, &VolumeApi::GetVolumeById, id);
  }

 private:
  template <typename T, typename Reads>
  class PollingWatch final : public Watch<T> {
   public:
    using Get = Task<absl::StatusOr<T>> (Reads::*)(CallContext, std::string);
    PollingWatch(Reads& api, Clock& clock, Get get, std::string id_or_name)
        : api_(api), clock_(clock), get_(get), target_(std::move(id_or_name)) {}

    Task<absl::Status> Wait(CallContext context) override {
      while (true) {
        if (!std::exchange(at_once_, false)) {
          absl::Status slept = co_await clock_.Sleep(context, std::max(Pause(), asked_for_));
          if (!slept.ok()) co_return slept;
        }
        absl::StatusOr<T> seen = co_await (api_.*get_)(context, target_);
        asked_for_ = RetryDelay(seen.status()).value_or(std::chrono::seconds(0));
        if (IsPassing(seen.status())) continue;
        if (absl::Status ended = context.Check(clock_.Now()); !seen.ok() && !ended.ok()) co_return ended;
        taken_ = Observation<T>();
        taken_.status = seen.status();
        if (seen.ok()) {
          if (!seen->id().empty()) target_ = seen->id();  // the name may be given to another object
          taken_.object = std::make_shared<const T>(*std::move(seen));
        }
        co_return absl::OkStatus();
      }
    }
    Observation<T> Take() override { return std::move(taken_); }
    void PollNow() override { at_once_ = true; }

   private:
    Clock::Duration Pause() {
      const Clock::Duration pause = next_;
      next_ = std::min<Clock::Duration>(next_ * 5 / 4, std::chrono::seconds(1));
      return pause;
    }

    Reads& api_;
    Clock& clock_;
    const Get get_;
    std::string target_;
    Observation<T> taken_;
    bool at_once_ = true;
    Clock::Duration next_ = std::chrono::milliseconds(100);
    Clock::Duration asked_for_{};
  };

  Api& api_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_TESTING_POLLING_WATCHES_H_
