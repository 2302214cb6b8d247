#ifndef DAYTONAD_DAEMON_API_TESTING_POLLING_WATCHES_H_
#define DAYTONAD_DAEMON_API_TESTING_POLLING_WATCHES_H_

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "daemon/api/api.h"
#include "daemon/api/results.h"
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
    return std::make_unique<PollingWatch<GetSandbox>>(api_, clock_, GetSandbox(std::move(id_or_name)));
  }
  std::unique_ptr<Watch<v1::Snapshot>> WatchSnapshot(std::string id_or_name) override {
    return std::make_unique<PollingWatch<GetSnapshot>>(api_, clock_, GetSnapshot(std::move(id_or_name)));
  }
  std::unique_ptr<Watch<v1::Volume>> WatchVolume(std::string id) override {
    return std::make_unique<PollingWatch<GetVolume>>(api_, clock_, GetVolume::ById(std::move(id)));
  }

 private:
  template <typename Get>
  class PollingWatch final : public Watch<ReturnedObject<Get>> {
    using T = ReturnedObject<Get>;

   public:
    PollingWatch(Api& api, Clock& clock, Get get) : api_(api), clock_(clock), get_(std::move(get)) {}

    Task<absl::Status> Wait(CallContext context) override {
      while (true) {
        if (!std::exchange(at_once_, false)) {
          absl::Status slept = co_await clock_.Sleep(context, std::max(Pause(), asked_for_));
          if (!slept.ok()) co_return slept;
        }
        absl::StatusOr<T> seen = co_await api_.Run(context, get_);
        asked_for_ = RetryDelay(seen.status()).value_or(std::chrono::seconds(0));
        if (IsPassing(seen.status())) continue;
        if (absl::Status ended = context.Check(clock_.Now()); !seen.ok() && !ended.ok()) co_return ended;
        taken_ = Observation<T>();
        taken_.status = seen.status();
        if (seen.ok()) {
          if (!seen->id().empty()) get_.set_id(seen->id());  // the name may be given to another object
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

    Api& api_;
    Clock& clock_;
    Get get_;
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
