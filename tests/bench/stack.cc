#include "tests/bench/stack.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"
#include "tests/bench/channels.h"

namespace daytonad::bench {

const char kApiKey[] = "emulator-key";

namespace {

constexpr size_t kCreatesAtATime = 64;

absl::Status Check(const grpc::Status& status, absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, " failed: ", status.error_message()));
}

// A unique name in the work directory.
std::string NewPath(const Programs& programs, absl::string_view what) {
  static std::atomic<int> count = 0;
  return absl::StrCat(programs.work_directory, "/", what, "-", count++);
}

absl::StatusOr<std::unique_ptr<ServerProcess>> Serve(ServerCommand command, const std::string& path) {
  command.log_path = absl::StrCat(path, ".log");
  command.arguments.insert(command.arguments.begin(), {"--listen", absl::StrCat("unix:", path)});
  absl::StatusOr<std::unique_ptr<ServerProcess>> server = ServerProcess::Start(command);
  if (!server.ok()) return server.status();
  if (absl::Status status = (*server)->WaitUntilServing(path); !status.ok()) return status;
  return server;
}

std::unique_ptr<v1::DaytonaService::Stub> Stub(const std::string& address) {
  return v1::DaytonaService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
}

// Creates sandboxes, some at a time, until there are enough or one fails.
class Creates {
 public:
  Creates(const std::string& address, size_t count)
      : stub_(v1::DaytonaService::NewStub(OpenChannels(address, 1, 1).front())), left_(count) {}

  absl::StatusOr<std::vector<std::string>> Run() {
    for (size_t i = 0; i < kCreatesAtATime; ++i) Next();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return active_ == 0; });
    if (!error_.ok()) return error_;
    return std::move(ids_);
  }

 private:
  struct Call {
    grpc::ClientContext context;
    v1::CreateSandboxRequest request;
    v1::CreateSandboxResponse response;
  };

  void Next() {
    {
      const std::lock_guard lock(mutex_);
      if (left_ == 0 || !error_.ok()) return;
      --left_;
      ++active_;
    }
    auto call = std::make_shared<Call>();
    stub_->async()->CreateSandbox(&call->context, &call->request, &call->response,
                                  [this, call](const grpc::Status& status) { OnDone(*call, status); });
  }

  void OnDone(const Call& call, const grpc::Status& status) {
    {
      const std::lock_guard lock(mutex_);
      if (status.ok()) ids_.push_back(call.response.sandbox().id());
      if (!status.ok() && error_.ok()) error_ = Check(status, "CreateSandbox");
    }
    Next();
    const std::lock_guard lock(mutex_);
    --active_;
    changed_.notify_all();
  }

  const std::unique_ptr<v1::DaytonaService::Stub> stub_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t left_;
  size_t active_ = 0;
  std::vector<std::string> ids_;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Stack>> Stack::Start(const Programs& programs, StackOptions options) {
  std::unique_ptr<Stack> stack(new Stack());
  if (absl::Status status = stack->StartEmulator(programs, options); !status.ok()) return status;
  if (absl::Status status = stack->StartDaemon(programs, options); !status.ok()) return status;
  if (options.sandboxes == 0) return stack;
  absl::StatusOr<std::vector<std::string>> ids = Creates(stack->address_, options.sandboxes).Run();
  if (!ids.ok()) return ids.status();
  stack->sandboxes_ = *std::move(ids);
  return stack;
}

absl::Status Stack::StartEmulator(const Programs& programs, const StackOptions& options) {
  ServerCommand command;
  command.program = programs.emulator;
  command.arguments = {"--listen", "127.0.0.1:0", "--api-key", kApiKey};
  for (const char* throttler : {"authenticated", "sandbox-create", "sandbox-lifecycle"}) {
    command.arguments.insert(command.arguments.end(), {"--rate-limit", absl::StrCat(throttler, "=100000000/60")});
  }
  if (options.emulator_flags.empty()) command.arguments.insert(command.arguments.end(), {"--create-delay", "0"});
  command.arguments.insert(command.arguments.end(), options.emulator_flags.begin(), options.emulator_flags.end());
  if (!options.events) command.arguments.insert(command.arguments.end(), {"--events", "off"});
  command.log_path = absl::StrCat(NewPath(programs, "emulator"), ".log");
  absl::StatusOr<std::unique_ptr<ServerProcess>> emulator = ServerProcess::Start(command);
  if (!emulator.ok()) return emulator.status();
  emulator_ = *std::move(emulator);
  absl::StatusOr<std::string> url = emulator_->WaitForLine("listening on ");
  if (!url.ok()) return url.status();
  api_url_ = *std::move(url);
  upstream_.emplace(api_url_, kApiKey);
  return absl::OkStatus();
}

absl::Status Stack::StartDaemon(const Programs& programs, const StackOptions& options) {
  ServerCommand command;
  command.program = options.daemon.empty() ? programs.daemon : options.daemon;
  command.arguments = {"--api-url", api_url_};
  if (!options.events) command.arguments.insert(command.arguments.end(), {"--events", "off"});
  command.environment = {absl::StrCat("DAYTONA_API_KEY=", kApiKey)};
  const std::string path = NewPath(programs, "daytonad");
  absl::StatusOr<std::unique_ptr<ServerProcess>> daemon = Serve(std::move(command), path);
  if (!daemon.ok()) return daemon.status();
  daemon_ = *std::move(daemon);
  address_ = absl::StrCat("unix:", path);
  return absl::OkStatus();
}

absl::StatusOr<v1::Sandbox> Stack::FirstSandbox() const {
  grpc::ClientContext context;
  v1::GetSandboxRequest request;
  request.set_sandbox(sandboxes_.front());
  v1::GetSandboxResponse response;
  const grpc::Status status = Stub(address_)->GetSandbox(&context, request, &response);
  if (!status.ok()) return Check(status, "GetSandbox");
  return response.sandbox();
}

absl::StatusOr<std::unique_ptr<Floor>> Floor::Start(const Programs& programs, const v1::Sandbox& answer) {
  const std::string answer_file = NewPath(programs, "answer");
  std::ofstream file(answer_file, std::ios::binary);
  if (!answer.SerializeToOstream(&file)) return absl::InternalError("cannot save the answer for the floor");
  file.close();
  ServerCommand command;
  command.program = programs.floor;
  command.arguments = {"--answer", answer_file};
  const std::string path = NewPath(programs, "floor");
  absl::StatusOr<std::unique_ptr<ServerProcess>> process = Serve(std::move(command), path);
  if (!process.ok()) return process.status();
  auto floor = std::make_unique<Floor>();
  floor->process_ = *std::move(process);
  floor->address_ = absl::StrCat("unix:", path);
  return floor;
}

absl::StatusOr<std::chrono::steady_clock::time_point> Floor::Change(v1::SandboxState state) const {
  grpc::ClientContext context;
  const auto began = std::chrono::steady_clock::now();
  if (state == v1::SANDBOX_STATE_STOPPED) {
    v1::StopSandboxResponse response;
    if (absl::Status status = Check(Stub(address_)->StopSandbox(&context, {}, &response), "the floor"); !status.ok()) {
      return status;
    }
  } else {
    v1::StartSandboxResponse response;
    if (absl::Status status = Check(Stub(address_)->StartSandbox(&context, {}, &response), "the floor"); !status.ok()) {
      return status;
    }
  }
  return began;
}

}  // namespace daytonad::bench
