#include <grpcpp/client_context.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daytonad/v1/build_service.grpc.pb.h"
#include "daytonad/v1/snapshot_service.grpc.pb.h"
#include "tests/bench/channels.h"
#include "tests/bench/scenario.h"

namespace daytonad::bench {
namespace {

constexpr size_t kFollowersPerChannel = 100;

struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  size_t open = 0;
  size_t messages = 0;
  std::string first_error;
};

// Follows a build log to its end.
class Follower final : public grpc::ClientReadReactor<v1::StreamBuildLogsResponse> {
 public:
  Follower(Shared& shared, const std::shared_ptr<grpc::Channel>& channel, const std::string& snapshot)
      : shared_(shared), stub_(v1::BuildService::NewStub(channel)) {
    request_.set_snapshot(snapshot);
    stub_->async()->StreamBuildLogs(&context_, &request_, this);
    StartRead(&message_);
    StartCall();
  }

  const std::string& text() const { return text_; }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    text_.append(message_.log().data());
    {
      const std::lock_guard lock(shared_.mutex);
      ++shared_.messages;
    }
    StartRead(&message_);
  }

  void OnDone(const grpc::Status& status) override {
    const std::lock_guard lock(shared_.mutex);
    if (!status.ok() && shared_.first_error.empty()) shared_.first_error = status.error_message();
    if (--shared_.open == 0) shared_.changed.notify_all();
  }

  Shared& shared_;
  const std::unique_ptr<v1::BuildService::Stub> stub_;
  grpc::ClientContext context_;
  v1::StreamBuildLogsRequest request_;
  v1::StreamBuildLogsResponse message_;
  std::string text_;
};

absl::StatusOr<std::string> BeginBuild(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  v1::CreateSnapshotRequest request;
  request.set_wait(false);
  request.mutable_spec()->set_name("bench-logs");
  request.mutable_spec()->set_dockerfile("FROM debian:12\nRUN true\nRUN true\nRUN true\n");
  v1::CreateSnapshotResponse response;
  const grpc::Status status = v1::SnapshotService::NewStub(channel)->CreateSnapshot(&context, request, &response);
  if (!status.ok()) return absl::InternalError(absl::StrCat("CreateSnapshot failed: ", status.error_message()));
  return response.snapshot().id();
}

}  // namespace

absl::Status MeasureLogFollowers(const Run& run) {
  StackOptions options;
  options.emulator_flags = {"--queue-delay", "0", "--build-delay", "2s", "--log-line-delay", "50ms"};
  const absl::StatusOr<std::unique_ptr<Stack>> stack = Stack::Start(run.programs, std::move(options));
  if (!stack.ok()) return stack.status();
  const size_t count = run.sizes.followers;
  const auto channels = OpenChannels((*stack)->address(), count, kFollowersPerChannel);
  const absl::StatusOr<std::string> snapshot = BeginBuild(channels.front());
  if (!snapshot.ok()) return snapshot.status();

  const absl::StatusOr<RequestCounts> before = (*stack)->upstream().Requests();
  if (!before.ok()) return before.status();
  const std::chrono::nanoseconds cpu_before = (*stack)->daemon().cpu_time();
  Shared shared;
  shared.open = count;
  std::vector<std::unique_ptr<Follower>> followers;
  for (size_t i = 0; i < count; ++i) {
    followers.push_back(std::make_unique<Follower>(shared, channels[i % channels.size()], *snapshot));
  }
  {
    std::unique_lock lock(shared.mutex);
    shared.changed.wait(lock, [&shared] { return shared.open == 0; });
  }
  const std::chrono::nanoseconds cpu = (*stack)->daemon().cpu_time() - cpu_before;
  const absl::StatusOr<RequestCounts> after = (*stack)->upstream().Requests();
  if (!after.ok()) return after.status();
  if (!shared.first_error.empty())
    return absl::InternalError(absl::StrCat("StreamBuildLogs failed: ", shared.first_error));
  for (const auto& follower : followers) {
    if (follower->text().empty() || follower->text() != followers.front()->text()) {
      return absl::InternalError("the followers of a build log were not sent the same");
    }
  }
  const std::string scenario = absl::StrCat(count, " followers of one build log");
  run.AddFigure(scenario, "messages sent", static_cast<double>(shared.messages), "messages");
  run.AddFigure(scenario, "CPU a message", Milliseconds(cpu) * 1000 / static_cast<double>(shared.messages), "us");
  run.AddFigure(scenario, "upstream requests", static_cast<double>(after->all - before->all), "requests");
  return absl::OkStatus();
}

}  // namespace daytonad::bench
