#include "tests/bench/watchers.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"
#include "tests/bench/channels.h"

namespace daytonad::bench {
namespace {

using std::chrono::steady_clock;

constexpr size_t kStreamsPerChannel = 100;
constexpr auto kTimeToBeTold = std::chrono::seconds(60);

}  // namespace

struct Watchers::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  int round = 0;
  v1::SandboxState expected = v1::SANDBOX_STATE_STARTED;
  size_t told = 0;  // of the expected state, in this round
  steady_clock::time_point last_told;
  size_t open = 0;
  bool ending = false;
  std::string first_error;
};

class Watchers::Stream final : public grpc::ClientReadReactor<v1::WatchSandboxResponse> {
 public:
  Stream(Shared& shared, const std::shared_ptr<grpc::Channel>& channel, const std::string& sandbox)
      : shared_(shared), stub_(v1::DaytonaService::NewStub(channel)) {
    request_.set_sandbox(sandbox);
    stub_->async()->WatchSandbox(&context_, &request_, this);
    StartRead(&message_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    const steady_clock::time_point now = steady_clock::now();
    {
      const std::lock_guard lock(shared_.mutex);
      if (round_ != shared_.round && message_.sandbox().state() == shared_.expected) {
        round_ = shared_.round;
        shared_.last_told = std::max(shared_.last_told, now);
        if (++shared_.told >= shared_.open) shared_.changed.notify_all();
      }
    }
    StartRead(&message_);
  }

  void OnDone(const grpc::Status& status) override {
    const std::lock_guard lock(shared_.mutex);
    if (!shared_.ending && shared_.first_error.empty()) {
      shared_.first_error = absl::StrCat("a stream of WatchSandbox ended: ", status.error_message());
    }
    --shared_.open;
    shared_.changed.notify_all();
  }

  Shared& shared_;
  const std::unique_ptr<v1::DaytonaService::Stub> stub_;
  grpc::ClientContext context_;
  v1::WatchSandboxRequest request_;
  v1::WatchSandboxResponse message_;
  int round_ = 0;  // in which it was told
};

Watchers::Watchers(const std::string& address, const std::string& sandbox, size_t count)
    : shared_(std::make_unique<Shared>()) {
  shared_->open = count;
  shared_->round = 1;
  const auto channels = OpenChannels(address, count, kStreamsPerChannel);
  for (size_t i = 0; i < count; ++i) {
    streams_.push_back(std::make_unique<Stream>(*shared_, channels[i % channels.size()], sandbox));
  }
}

Watchers::~Watchers() {
  std::unique_lock lock(shared_->mutex);
  shared_->ending = true;
  lock.unlock();
  for (const auto& stream : streams_) stream->Cancel();
  lock.lock();
  shared_->changed.wait(lock, [this] { return shared_->open == 0; });
}

void Watchers::Expect(v1::SandboxState state) {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->round;
  shared_->expected = state;
  shared_->told = 0;
  shared_->last_told = {};
}

absl::StatusOr<steady_clock::time_point> Watchers::LastTold() {
  std::unique_lock lock(shared_->mutex);
  const auto over = [this] { return shared_->told == streams_.size() || !shared_->first_error.empty(); };
  if (!shared_->changed.wait_for(lock, kTimeToBeTold, over)) {
    return absl::InternalError(
        absl::StrCat(streams_.size() - shared_->told, " streams of WatchSandbox were not told of a change"));
  }
  if (!shared_->first_error.empty()) return absl::InternalError(shared_->first_error);
  return shared_->last_told;
}

}  // namespace daytonad::bench
