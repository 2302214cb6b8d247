#include "tests/bench/waiters.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"
#include "tests/bench/channels.h"

namespace daytonad::bench {
namespace {

using std::chrono::steady_clock;

constexpr size_t kCallersPerChannel = 100;
constexpr auto kTimeToBeTold = std::chrono::seconds(60);

}  // namespace

struct Waiters::Round {
  std::mutex mutex;
  std::condition_variable changed;
  size_t waiting = 0;
  std::string first_error;
  steady_clock::time_point last_told;
};

class Waiters::Caller {
 public:
  Caller(Round& round, const std::shared_ptr<grpc::Channel>& channel, std::string sandbox)
      : round_(round), stub_(v1::DaytonaService::NewStub(channel)) {
    request_.set_sandbox(std::move(sandbox));
    request_.mutable_timeout();  // 0: no limit
  }

  void Call(v1::SandboxState state) {
    request_.clear_states();
    request_.add_states(state);
    response_.Clear();
    context_.emplace();
    stub_->async()->WaitSandbox(&*context_, &request_, &response_,
                                [this](const grpc::Status& status) { OnDone(status); });
  }

  void Cancel() { context_->TryCancel(); }

 private:
  void OnDone(const grpc::Status& status) {
    const steady_clock::time_point now = steady_clock::now();
    std::string error;
    if (!status.ok()) {
      error = absl::StrCat("WaitSandbox failed: ", status.error_message());
    } else if (response_.sandbox().id() != request_.sandbox() || response_.sandbox().state() != request_.states(0)) {
      error = absl::StrCat("WaitSandbox of ", request_.sandbox(), " answered with ",
                           response_.sandbox().ShortDebugString().substr(0, 200));
    }
    const std::lock_guard lock(round_.mutex);
    round_.last_told = std::max(round_.last_told, now);
    if (round_.first_error.empty()) round_.first_error = std::move(error);
    if (--round_.waiting == 0 || !round_.first_error.empty()) round_.changed.notify_all();
  }

  Round& round_;
  const std::unique_ptr<v1::DaytonaService::Stub> stub_;
  v1::WaitSandboxRequest request_;
  v1::WaitSandboxResponse response_;
  std::optional<grpc::ClientContext> context_;
};

Waiters::Waiters(const std::string& address, std::vector<std::string> sandboxes) : round_(std::make_unique<Round>()) {
  const auto channels = OpenChannels(address, sandboxes.size(), kCallersPerChannel);
  for (std::string& sandbox : sandboxes) {
    callers_.push_back(
        std::make_unique<Caller>(*round_, channels[callers_.size() % channels.size()], std::move(sandbox)));
  }
}

Waiters::~Waiters() { CancelAndWait(); }

void Waiters::Begin(v1::SandboxState state) {
  round_->waiting = callers_.size();
  round_->first_error.clear();
  round_->last_told = {};
  for (const auto& caller : callers_) caller->Call(state);
}

absl::StatusOr<steady_clock::time_point> Waiters::LastTold() {
  {
    std::unique_lock lock(round_->mutex);
    const auto over = [this] { return round_->waiting == 0 || !round_->first_error.empty(); };
    if (!round_->changed.wait_for(lock, kTimeToBeTold, over)) {
      round_->first_error = absl::StrCat(round_->waiting, " calls of WaitSandbox were not told");
    }
    if (round_->first_error.empty()) return round_->last_told;
  }
  CancelAndWait();
  return absl::InternalError(round_->first_error);
}

void Waiters::CancelAndWait() {
  std::unique_lock lock(round_->mutex);
  if (round_->waiting == 0) return;
  lock.unlock();
  for (const auto& caller : callers_) caller->Cancel();
  lock.lock();
  round_->changed.wait(lock, [this] { return round_->waiting == 0; });
}

}  // namespace daytonad::bench
