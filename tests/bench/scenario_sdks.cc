#include <grpcpp/client_context.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"
#include "tests/bench/channels.h"
#include "tests/bench/scenario.h"

namespace daytonad::bench {
namespace {

using std::chrono::system_clock;
using Seconds = std::chrono::duration<double>;

constexpr size_t kPromisedCreates = 200;
constexpr auto kLimit = std::chrono::seconds(180);

// A created sandbox, and when its creator knew that it is started.
struct Known {
  std::string id;
  system_clock::time_point at;
};

// The cost of creating sandboxes, all at once, and of waiting for each.
struct Outcome {
  double seconds = 0;
  double cpu_ms = 0;  // of everything between the program and upstream
  double client_cpu_ms = 0;
  double reads = 0;
  double noticed_p50_ms = 0;  // from upstream's change to STARTED until the creator knew
  double noticed_p99_ms = 0;
};

// Through the daemon, with a C++ client in this process.
absl::StatusOr<std::vector<Known>> CreateByDaemon(const std::string& address, size_t count) {
  struct Call {
    grpc::ClientContext context;
    v1::CreateSandboxRequest request;
    v1::CreateSandboxResponse response;
  };
  const auto channel = OpenChannels(address, 1, 1).front();
  const auto stub = v1::DaytonaService::NewStub(channel);
  std::vector<std::unique_ptr<Call>> calls;
  std::mutex mutex;
  std::condition_variable changed;
  size_t left = count;
  std::vector<Known> known;
  std::string error;
  for (size_t i = 0; i < count; ++i) {
    calls.push_back(std::make_unique<Call>());
    Call& call = *calls.back();
    stub->async()->CreateSandbox(&call.context, &call.request, &call.response, [&](const grpc::Status& status) {
      const std::lock_guard lock(mutex);
      if (!status.ok() && error.empty()) error = status.error_message();
      known.push_back({call.response.sandbox().id(), system_clock::now()});
      if (--left == 0) changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&left] { return left == 0; });
  if (!error.empty()) return absl::InternalError(absl::StrCat("CreateSandbox failed: ", error));
  return known;
}

absl::Status Conclude(Stack& stack, const RequestCounts& before, const std::vector<Known>& known, Outcome& outcome) {
  const absl::StatusOr<RequestCounts> after = stack.upstream().Requests();
  if (!after.ok()) return after.status();
  outcome.reads = static_cast<double>(after->reads - before.reads);
  std::vector<double> noticed;
  for (const Known& sandbox : known) {
    const absl::StatusOr<system_clock::time_point> changed = stack.upstream().UpdatedAt(sandbox.id);
    if (!changed.ok()) return changed.status();
    noticed.push_back(Milliseconds(sandbox.at - *changed));
  }
  outcome.noticed_p50_ms = Percentile(noticed, 0.50);
  outcome.noticed_p99_ms = Percentile(std::move(noticed), 0.99);
  return absl::OkStatus();
}

// Upstream does not withhold its answer until the sandbox is started: there would be nothing to wait for.
absl::StatusOr<std::unique_ptr<Stack>> StartStack(const Run& run) {
  StackOptions options;
  options.emulator_flags = {"--create-delay", absl::StrCat(run.sizes.create_delay.count(), "ms"), "--hold-limit", "0"};
  return Stack::Start(run.programs, std::move(options));
}

absl::StatusOr<Outcome> MeasureDaemon(const Run& run) {
  const absl::StatusOr<std::unique_ptr<Stack>> stack = StartStack(run);
  if (!stack.ok()) return stack.status();
  const absl::StatusOr<RequestCounts> before = (*stack)->upstream().Requests();
  if (!before.ok()) return before.status();
  const std::chrono::nanoseconds daemon_before = (*stack)->daemon().cpu_time();
  const std::chrono::nanoseconds own_before = OwnCpu();
  const auto began = std::chrono::steady_clock::now();
  const absl::StatusOr<std::vector<Known>> known = CreateByDaemon((*stack)->address(), run.sizes.creates);
  if (!known.ok()) return known.status();
  Outcome outcome;
  outcome.seconds = Seconds(std::chrono::steady_clock::now() - began).count();
  outcome.client_cpu_ms = Milliseconds(OwnCpu() - own_before);
  outcome.cpu_ms = Milliseconds((*stack)->daemon().cpu_time() - daemon_before) + outcome.client_cpu_ms;
  if (absl::Status status = Conclude(**stack, *before, *known, outcome); !status.ok()) return status;
  return outcome;
}

absl::StatusOr<Outcome> MeasureSdk(const Run& run, ServerCommand command) {
  const absl::StatusOr<std::unique_ptr<Stack>> stack = StartStack(run);
  if (!stack.ok()) return stack.status();
  const absl::StatusOr<RequestCounts> before = (*stack)->upstream().Requests();
  if (!before.ok()) return before.status();
  command.arguments.insert(command.arguments.end(), {(*stack)->api_url(), kApiKey, absl::StrCat(run.sizes.creates)});
  command.log_path = run.programs.work_directory + "/sdk.log";
  const auto began = std::chrono::steady_clock::now();
  const absl::StatusOr<std::unique_ptr<ServerProcess>> sdk = ServerProcess::Start(command);
  if (!sdk.ok()) return sdk.status();
  if (absl::Status status = (*sdk)->WaitForExit(kLimit); !status.ok()) return status;
  Outcome outcome;
  outcome.seconds = Seconds(std::chrono::steady_clock::now() - began).count();

  std::vector<Known> known;
  std::istringstream lines((*sdk)->Output());
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    if (json.contains("cpu")) outcome.cpu_ms = json["cpu"].get<double>() * 1000;
    if (!json.contains("known")) continue;
    const Seconds at(json["known"].get<double>());
    known.push_back({json["id"], system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(at))});
  }
  if (known.size() != run.sizes.creates) {
    return absl::InternalError(absl::StrCat("the SDK told of ", known.size(), " sandboxes only"));
  }
  if (absl::Status status = Conclude(**stack, *before, known, outcome); !status.ok()) return status;
  return outcome;
}

void AddFigures(const Run& run, const std::string& who, const Outcome& outcome) {
  const auto count = static_cast<double>(run.sizes.creates);
  const std::string scenario = absl::StrCat(run.sizes.creates, " creates at once, ", who);
  run.AddFigure(scenario, "all of it, start of the process included", outcome.seconds, "s");
  run.AddFigure(scenario, "CPU a create", outcome.cpu_ms / count, "ms");
  if (outcome.client_cpu_ms > 0) run.AddFigure(scenario, "of which the client", outcome.client_cpu_ms / count, "ms");
  run.AddFigure(scenario, "upstream reads", outcome.reads, "requests");
  run.AddFigure(scenario, "upstream reads a minute", outcome.reads * 60 / outcome.seconds, "reads/min");
  run.AddFigure(scenario, "from the change until it is known, p50", outcome.noticed_p50_ms, "ms");
  run.AddFigure(scenario, "from the change until it is known, p99", outcome.noticed_p99_ms, "ms");
}

void SetBars(const Run& run, const std::string& name, const Outcome& daemon, const Outcome& sdk) {
  if (run.sizes.creates != kPromisedCreates) return;
  const std::string bar = absl::StrCat("200 creates, ", name, ": ");
  SetBar(run.out.bars, absl::StrCat(bar, "upstream reads of the daemon over the SDK's"),
         daemon.reads / std::max(sdk.reads, 1.0));
  SetBar(run.out.bars, absl::StrCat(bar, "p50 until it is known, daemon over SDK"),
         daemon.noticed_p50_ms / sdk.noticed_p50_ms);
}

}  // namespace

absl::Status MeasureSdks(const Run& run) {
  if (run.programs.python.empty() && run.programs.node_modules.empty()) {
    return absl::NotFoundError("there is no official SDK; tests/sdk/setup.sh installs them");
  }
  const absl::StatusOr<Outcome> daemon = MeasureDaemon(run);
  if (!daemon.ok()) return daemon.status();
  AddFigures(run, "daytonad", *daemon);

  if (!run.programs.python.empty()) {
    ServerCommand command;
    command.program = run.programs.python;
    command.arguments = {run.programs.sdk_directory + "/create.py"};
    const absl::StatusOr<Outcome> python = MeasureSdk(run, std::move(command));
    if (!python.ok()) return python.status();
    AddFigures(run, "Python SDK", *python);
    SetBars(run, "Python SDK", *daemon, *python);
    if (run.sizes.creates == kPromisedCreates) {
      SetBar(run.out.bars, "200 creates, Python SDK: CPU of daemon and C++ client over the SDK's",
             daemon->cpu_ms / python->cpu_ms);
    }
  }
  if (!run.programs.node_modules.empty()) {
    ServerCommand command;
    command.program = "/usr/bin/env";
    command.arguments = {"node", run.programs.sdk_directory + "/create.mjs"};
    command.environment = {absl::StrCat("NODE_PATH=", run.programs.node_modules)};
    const absl::StatusOr<Outcome> node = MeasureSdk(run, std::move(command));
    if (!node.ok()) return node.status();
    AddFigures(run, "TypeScript SDK", *node);
    SetBars(run, "TypeScript SDK", *daemon, *node);
  }
  return absl::OkStatus();
}

}  // namespace daytonad::bench
