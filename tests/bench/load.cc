#include "tests/bench/load.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"
#include "tests/bench/channels.h"

namespace daytonad::bench {
namespace {

using std::chrono::steady_clock;

// This many callers share a connection, like the callers of one application.
constexpr size_t kCallersPerChannel = 32;
// How long the last calls may take before they are cancelled.
constexpr auto kTimeToEnd = std::chrono::seconds(30);

enum class Phase { kWarmUp, kCounting, kEnding };

// State shared by the callers, which run on gRPC's threads.
struct Shared {
  std::atomic<Phase> phase = Phase::kWarmUp;
  std::atomic<std::uint64_t> counted = 0;
  std::uint64_t min_calls = 0;
  std::uint64_t max_calls = 0;

  std::mutex mutex;
  std::condition_variable changed;
  size_t active = 0;        // callers with a call in flight
  std::string first_error;  // empty: none
};

// Reads one sandbox again and again until the load ends.
class LoadCaller {
 public:
  LoadCaller(Shared& shared, const std::shared_ptr<grpc::Channel>& channel, const std::string& sandbox, bool fresh)
      : shared_(shared), stub_(v1::DaytonaService::NewStub(channel)) {
    request_.set_sandbox(sandbox);
    if (fresh) request_.mutable_max_age();
  }

  void Call() {
    context_.emplace();
    response_.Clear();
    began_ = steady_clock::now();
    stub_->async()->GetSandbox(&*context_, &request_, &response_,
                               [this](const grpc::Status& status) { OnDone(status); });
  }

  // Only while the load is ending, when no further call begins.
  void Cancel() { context_->TryCancel(); }

  const std::vector<double>& latencies_us() const { return latencies_us_; }

 private:
  void OnDone(const grpc::Status& status) {
    const steady_clock::duration took = steady_clock::now() - began_;
    if (!status.ok()) return End(absl::StrCat("call failed: ", status.error_message()));
    if (response_.sandbox().id() != request_.sandbox()) return End("answer is not what was asked for");
    const Phase phase = shared_.phase.load(std::memory_order_acquire);
    if (phase == Phase::kEnding) return End("");
    if (phase == Phase::kCounting) {
      latencies_us_.push_back(std::chrono::duration<double, std::micro>(took).count());
      const std::uint64_t counted = shared_.counted.fetch_add(1, std::memory_order_relaxed) + 1;
      if (counted == shared_.min_calls || counted == shared_.max_calls) {
        const std::lock_guard lock(shared_.mutex);
        shared_.changed.notify_all();
      }
    }
    Call();
  }

  void End(std::string error) {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.first_error.empty()) shared_.first_error = std::move(error);
    --shared_.active;
    shared_.changed.notify_all();
  }

  Shared& shared_;
  const std::unique_ptr<v1::DaytonaService::Stub> stub_;
  v1::GetSandboxRequest request_;
  v1::GetSandboxResponse response_;
  std::optional<grpc::ClientContext> context_;
  steady_clock::time_point began_;
  std::vector<double> latencies_us_;
};

}  // namespace

double Percentile(std::vector<double> values, double quantile) {
  if (values.empty()) return 0;
  const auto rank = static_cast<size_t>(std::lround(quantile * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
  return values[rank];
}

absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options) {
  const std::vector<std::shared_ptr<grpc::Channel>> channels =
      OpenChannels(options.address, options.sandboxes.size(), kCallersPerChannel);
  Shared shared;
  shared.min_calls = options.sandboxes.size();
  shared.max_calls = options.max_calls;
  std::vector<std::unique_ptr<LoadCaller>> callers;
  for (const std::string& sandbox : options.sandboxes) {
    callers.push_back(
        std::make_unique<LoadCaller>(shared, channels[callers.size() % channels.size()], sandbox, options.fresh));
  }
  shared.active = callers.size();
  for (const auto& caller : callers) caller->Call();
  std::this_thread::sleep_for(options.warm_up);

  const std::chrono::nanoseconds cpu_before = options.server_cpu();
  const steady_clock::time_point began = steady_clock::now();
  shared.phase.store(Phase::kCounting, std::memory_order_release);
  {
    std::unique_lock lock(shared.mutex);
    const auto enough = [&shared](std::uint64_t calls) {
      return !shared.first_error.empty() || shared.counted.load(std::memory_order_relaxed) >= calls;
    };
    shared.changed.wait_for(lock, options.measured, [&] { return enough(shared.max_calls); });
    shared.changed.wait_for(lock, kTimeToEnd, [&] { return enough(shared.min_calls); });
  }
  shared.phase.store(Phase::kEnding, std::memory_order_release);
  const steady_clock::time_point ended = steady_clock::now();
  const std::chrono::nanoseconds cpu_after = options.server_cpu();

  {
    std::unique_lock lock(shared.mutex);
    const auto all_ended = [&] { return shared.active == 0; };
    if (!shared.changed.wait_for(lock, kTimeToEnd, all_ended)) {
      if (shared.first_error.empty()) shared.first_error = "a call never ended";
      lock.unlock();
      for (const auto& caller : callers) caller->Cancel();
      lock.lock();
      shared.changed.wait(lock, all_ended);
    }
  }
  if (!shared.first_error.empty()) return absl::InternalError(absl::StrCat(options.address, ": ", shared.first_error));

  std::vector<double> latencies_us;
  for (const auto& caller : callers) {
    latencies_us.insert(latencies_us.end(), caller->latencies_us().begin(), caller->latencies_us().end());
  }
  if (latencies_us.empty()) return absl::InternalError(absl::StrCat(options.address, ": no call ended"));
  const auto calls = static_cast<double>(latencies_us.size());
  LoadResult result;
  result.calls = latencies_us.size();
  result.calls_per_second = calls / std::chrono::duration<double>(ended - began).count();
  result.cpu_us_per_call = std::chrono::duration<double, std::micro>(cpu_after - cpu_before).count() / calls;
  result.p50_us = Percentile(latencies_us, 0.50);
  result.p99_us = Percentile(std::move(latencies_us), 0.99);
  return result;
}

}  // namespace daytonad::bench
