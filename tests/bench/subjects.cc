#include "tests/bench/subjects.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad::bench {
namespace {

constexpr char kApiKey[] = "emulator-key";
constexpr char kFloorName[] = "floor";
constexpr char kDaemonName[] = "daytonad";

absl::Status Check(const grpc::Status& status, absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, " failed: ", status.error_message()));
}

std::unique_ptr<v1::DaytonaService::Stub> Stub(const std::string& address) {
  return v1::DaytonaService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Subjects>> Subjects::Start(SubjectsOptions options) {
  std::unique_ptr<Subjects> subjects(new Subjects(std::move(options)));
  if (absl::Status status = subjects->StartEmulator(); !status.ok()) return status;
  auto daemon = subjects->Serve(Subject::kDaemon, kDaemonName);
  if (!daemon.ok()) return daemon.status();
  subjects->daemon_ = *std::move(daemon);
  if (absl::Status status = subjects->CreateSandboxes(); !status.ok()) return status;
  if (absl::Status status = subjects->SaveAnswer(); !status.ok()) return status;
  auto floor = subjects->Serve(Subject::kFloor, kFloorName);
  if (!floor.ok()) return floor.status();
  subjects->floor_ = *std::move(floor);
  return subjects;
}

std::string Subjects::address(Subject subject) const {
  return absl::StrCat("unix:", Path(subject == Subject::kFloor ? kFloorName : kDaemonName), ".sock");
}

absl::StatusOr<std::chrono::nanoseconds> Subjects::MeasureStart(Subject subject) {
  const absl::StatusOr<std::unique_ptr<ServerProcess>> server = Serve(subject, "start");
  if (!server.ok()) return server.status();
  return (*server)->age();
}

ServerCommand Subjects::Command(Subject subject, const std::string& name) const {
  ServerCommand command;
  command.log_path = absl::StrCat(Path(name), ".log");
  command.arguments = {"--listen", absl::StrCat("unix:", Path(name), ".sock")};
  if (subject == Subject::kFloor) {
    command.program = options_.floor_program;
    command.arguments.insert(command.arguments.end(), {"--answer", Path("answer")});
  } else {
    command.program = absl::StrCat(options_.bin_dir, "/daytonad");
    command.arguments.insert(command.arguments.end(), {"--api-url", api_url_});
    command.environment = {absl::StrCat("DAYTONA_API_KEY=", kApiKey)};
  }
  return command;
}

absl::StatusOr<std::unique_ptr<ServerProcess>> Subjects::Serve(Subject subject, const std::string& name) const {
  absl::StatusOr<std::unique_ptr<ServerProcess>> server = ServerProcess::Start(Command(subject, name));
  if (!server.ok()) return server.status();
  if (absl::Status status = (*server)->WaitUntilServing(absl::StrCat(Path(name), ".sock")); !status.ok()) return status;
  return server;
}

absl::Status Subjects::StartEmulator() {
  ServerCommand command;
  command.program = absl::StrCat(options_.bin_dir, "/daytona-emulator");
  command.arguments = {"--listen", "127.0.0.1:0", "--api-key", kApiKey, "--create-delay", "0"};
  for (const char* throttler : {"authenticated", "sandbox-create"}) {
    command.arguments.insert(command.arguments.end(), {"--rate-limit", absl::StrCat(throttler, "=100000000/60")});
  }
  command.log_path = Path("emulator.log");
  absl::StatusOr<std::unique_ptr<ServerProcess>> emulator = ServerProcess::Start(command);
  if (!emulator.ok()) return emulator.status();
  emulator_ = *std::move(emulator);
  absl::StatusOr<std::string> url = emulator_->WaitForLine("listening on ");
  if (!url.ok()) return url.status();
  api_url_ = *std::move(url);
  upstream_.emplace(api_url_, kApiKey);
  return absl::OkStatus();
}

absl::Status Subjects::CreateSandboxes() {
  const auto stub = Stub(address(Subject::kDaemon));
  while (sandboxes_.size() < options_.sandboxes) {
    grpc::ClientContext context;
    v1::CreateSandboxResponse response;
    const grpc::Status status = stub->CreateSandbox(&context, {}, &response);
    if (!status.ok()) return Check(status, "CreateSandbox");
    sandboxes_.push_back(response.sandbox().id());
  }
  return absl::OkStatus();
}

absl::Status Subjects::SaveAnswer() {
  grpc::ClientContext context;
  v1::GetSandboxRequest request;
  request.set_sandbox(sandboxes_.front());
  v1::GetSandboxResponse response;
  const grpc::Status status = Stub(address(Subject::kDaemon))->GetSandbox(&context, request, &response);
  if (!status.ok()) return Check(status, "GetSandbox");
  std::ofstream file(Path("answer"), std::ios::binary);
  if (!response.SerializeToOstream(&file)) return absl::InternalError("cannot save the answer for the floor");
  return absl::OkStatus();
}

}  // namespace daytonad::bench
