#include "daemon/services/rpc/call_registry.h"

#include <utility>
#include <vector>

#include "daemon/services/rpc/rpc_errors.h"

namespace daytonad {

absl::Status CallRegistry::Add(const std::shared_ptr<ServerCall>& call) {
  if (draining_) {
    ++refused_;
    return ShuttingDownError();
  }
  calls_.insert(call);
  return absl::OkStatus();
}

void CallRegistry::Remove(const std::shared_ptr<ServerCall>& call) {
  calls_.erase(call);
  if (draining_ && calls_.empty()) idle_.Fire();
}

void CallRegistry::BeginDrain() {
  draining_ = true;
  if (calls_.empty()) idle_.Fire();
  // A copy: a call that ends removes itself.
  const std::vector<std::shared_ptr<ServerCall>> calls(calls_.begin(), calls_.end());
  for (const auto& call : calls) {
    if (call->endless()) call->ShutDown();
  }
}

void CallRegistry::ShutDownAll() {
  const std::vector<std::shared_ptr<ServerCall>> calls(calls_.begin(), calls_.end());
  for (const auto& call : calls) call->ShutDown();
}

Task<absl::Status> CallRegistry::WaitUntilIdle(Clock& clock, CallContext context) {
  return idle_.Wait(clock, std::move(context));
}

Task<absl::Status> CallRegistry::MayRefuse(Clock& clock, CallContext context) {
  if (!withheld_.has_value()) co_return absl::OkStatus();
  co_return co_await withheld_->Wait(clock, std::move(context));
}

void CallRegistry::TellRefusals() {
  if (withheld_.has_value()) withheld_->Fire();
}

}  // namespace daytonad
