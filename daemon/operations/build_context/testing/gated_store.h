#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_GATED_STORE_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_GATED_STORE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/api/api.h"
#include "daemon/api/testing/fake_context_store.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"

namespace daytonad {

// A store whose uploads stop at their first bytes until a test opens the gate.
class GatedStore final : public ContextStore {
 public:
  // All of these outlive it.
  GatedStore(FakeContexts& contexts, Event& gate, Clock& clock) : store_(contexts), gate_(gate), clock_(clock) {}

  Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, std::string hash) override {
    return store_.Contains(std::move(context), std::move(hash));
  }
  std::unique_ptr<ContextUpload> Upload(std::string hash) override {
    return std::make_unique<GatedUpload>(store_.Upload(std::move(hash)), gate_, clock_);
  }

 private:
  class GatedUpload final : public ContextUpload {
   public:
    GatedUpload(std::unique_ptr<ContextUpload> upload, Event& gate, Clock& clock)
        : upload_(std::move(upload)), gate_(gate), clock_(clock) {}

    Task<absl::Status> Write(CallContext context, std::string bytes) override {
      absl::Status open = co_await gate_.Wait(clock_, context);
      if (!open.ok()) co_return open;
      co_return co_await upload_->Write(std::move(context), std::move(bytes));
    }
    Task<absl::Status> Finish(CallContext context) override { return upload_->Finish(std::move(context)); }
    Task<void> Abort(CallContext context) override { return upload_->Abort(std::move(context)); }

   private:
    const std::unique_ptr<ContextUpload> upload_;
    Event& gate_;
    Clock& clock_;
  };

  FakeContextStore store_;
  Event& gate_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_GATED_STORE_H_
