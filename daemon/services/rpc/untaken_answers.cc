#include "daemon/services/rpc/untaken_answers.h"

#include <grpcpp/support/status.h>

#include <vector>

#include "daemon/base/log.h"
#include "daemon/services/rpc/held_call.h"

namespace daytonad {

void UntakenAnswers::Ticket::Taken() {
  if (answers_ == nullptr) return;
  const std::lock_guard lock(answers_->mutex_);
  // Entries of ended calls are in the other list and have no bytes.
  Entries out;
  if (entry_->bytes > 0) {
    answers_->bytes_ -= entry_->bytes;
    out.splice(out.begin(), answers_->waiting_, entry_);
  } else {
    out.splice(out.begin(), answers_->ended_, entry_);
  }
  answers_ = nullptr;
}

void UntakenAnswers::Add(grpc_call* call, size_t bytes, Ticket& ticket) {
  if (bytes < limits_.least) return;
  const auto now = std::chrono::steady_clock::now();
  std::vector<HeldCall> too_much;
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && bytes_ + bytes > limits_.bytes) {
      const auto oldest = waiting_.begin();
      if (bytes_ + bytes <= 2 * limits_.bytes && now - oldest->since < limits_.patience) break;
      too_much.emplace_back(oldest->call);
      bytes_ -= oldest->bytes;
      oldest->bytes = 0;
      ended_.splice(ended_.end(), waiting_, oldest);
    }
    ticket.entry_ = waiting_.insert(waiting_.end(), Entry{call, bytes, now});
    ticket.answers_ = this;
    bytes_ += bytes;
  }
  if (too_much.empty()) return;
  Log(LogLevel::kWarning, "calls are ended whose clients do not take the answers");
  // After the lock is released: gRPC may call back at once.
  const grpc::Status why(grpc::StatusCode::RESOURCE_EXHAUSTED, "the client does not take its answers");
  for (HeldCall& one : too_much) one.Cancel(why);
}

size_t UntakenAnswers::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace daytonad
