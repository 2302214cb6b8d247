#include "client/cli/base/cancellation.h"

#include <mutex>

namespace daytonad::cli {

Cancellation::Scope::Scope(Cancellation& cancellation, grpc::ClientContext& context) : cancellation_(cancellation) {
  const std::lock_guard lock(cancellation_.mutex_);
  cancellation_.running_ = &context;
  if (cancellation_.signal_ != 0) context.TryCancel();
}

Cancellation::Scope::~Scope() {
  const std::lock_guard lock(cancellation_.mutex_);
  cancellation_.running_ = nullptr;
}

bool Cancellation::Cancel(int signal) {
  const std::lock_guard lock(mutex_);
  if (signal_ == 0) signal_ = signal;
  if (running_ == nullptr) return false;
  running_->TryCancel();
  return true;
}

int Cancellation::signal() const {
  const std::lock_guard lock(mutex_);
  return signal_;
}

}  // namespace daytonad::cli
