#include <grpcpp/client_context.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"
#include "tests/bench/channels.h"
#include "tests/bench/scenario.h"

namespace daytonad::bench {
namespace {

constexpr int kStarts = 5;
constexpr size_t kPromisedInFlight = 1000;
constexpr size_t kCallersPerChannel = 100;
constexpr auto kUpstreamDelay = std::chrono::milliseconds(1500);

// Reads all sandboxes at once, past the cache, and waits for the answers.
absl::Status ReadAllAtOnce(const std::string& address, const std::vector<std::string>& sandboxes) {
  struct Call {
    std::unique_ptr<v1::DaytonaService::Stub> stub;
    grpc::ClientContext context;
    v1::GetSandboxRequest request;
    v1::GetSandboxResponse response;
  };
  const auto channels = OpenChannels(address, sandboxes.size(), kCallersPerChannel);
  std::vector<std::unique_ptr<Call>> calls;
  std::mutex mutex;
  std::condition_variable changed;
  size_t left = sandboxes.size();
  std::string error;
  for (const std::string& sandbox : sandboxes) {
    calls.push_back(std::make_unique<Call>());
    Call& call = *calls.back();
    call.stub = v1::DaytonaService::NewStub(channels[calls.size() % channels.size()]);
    call.request.set_sandbox(sandbox);
    call.request.mutable_max_age();
    call.stub->async()->GetSandbox(&call.context, &call.request, &call.response, [&](const grpc::Status& status) {
      const std::lock_guard lock(mutex);
      if (!status.ok() && error.empty()) error = status.error_message();
      if (--left == 0) changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&left] { return left == 0; });
  return error.empty() ? absl::OkStatus() : absl::InternalError(absl::StrCat("GetSandbox failed: ", error));
}

struct Start {
  double ms = 0;
  double resident_mib = 0;  // once it is idle
};

absl::StatusOr<Start> MeasureDaemonStart(const Run& run, const std::string& daemon) {
  StackOptions options;
  options.daemon = daemon;
  const absl::StatusOr<std::unique_ptr<Stack>> stack = Stack::Start(run.programs, std::move(options));
  if (!stack.ok()) return stack.status();
  Start start;
  start.ms = Milliseconds((*stack)->daemon().time_to_serving());
  (*stack)->daemon().WaitUntilQuiet();
  start.resident_mib = (*stack)->daemon().resident_mib();
  return start;
}

struct ProcessFigures {
  double start_over_floor = 0;
  double idle_mib = 0;
  double loaded_mib = 0;
};

absl::StatusOr<ProcessFigures> Measure(const Run& run, const std::string& build, const std::string& daemon) {
  std::vector<double> floor_ms;
  std::vector<double> daemon_ms;
  std::vector<double> idle_mib;
  for (int i = 0; i < kStarts; ++i) {
    const absl::StatusOr<std::unique_ptr<Floor>> floor = Floor::Start(run.programs, {});
    if (!floor.ok()) return floor.status();
    floor_ms.push_back(Milliseconds((*floor)->process().time_to_serving()));
    const absl::StatusOr<Start> start = MeasureDaemonStart(run, daemon);
    if (!start.ok()) return start.status();
    daemon_ms.push_back(start->ms);
    idle_mib.push_back(start->resident_mib);
  }

  StackOptions options;
  options.daemon = daemon;
  options.sandboxes = run.sizes.in_flight;
  const absl::StatusOr<std::unique_ptr<Stack>> stack = Stack::Start(run.programs, std::move(options));
  if (!stack.ok()) return stack.status();
  if (absl::Status status = (*stack)->upstream().DelayReads(kUpstreamDelay); !status.ok()) return status;
  if (absl::Status status = ReadAllAtOnce((*stack)->address(), (*stack)->sandboxes()); !status.ok()) return status;

  ProcessFigures figures;
  figures.idle_mib = Median(idle_mib);
  figures.loaded_mib = (*stack)->daemon().peak_resident_mib();
  figures.start_over_floor = Median(daemon_ms) / Median(floor_ms);
  const std::string scenario = absl::StrCat("process, ", build);
  run.AddFigure(scenario, "start to SERVING", Median(daemon_ms), "ms");
  run.AddFigure(scenario, "start to SERVING, floor", Median(floor_ms), "ms");
  run.AddFigure(scenario, "resident idle", figures.idle_mib, "MiB");
  run.AddFigure(scenario, absl::StrCat("resident with ", run.sizes.in_flight, " uncached reads in flight"),
                figures.loaded_mib, "MiB");
  return figures;
}

}  // namespace

absl::Status MeasureProcess(const Run& run) {
  if (auto figures = Measure(run, "dynamic", run.programs.daemon); !figures.ok()) return figures.status();
  if (run.programs.static_daemon.empty()) return absl::OkStatus();
  const absl::StatusOr<ProcessFigures> figures = Measure(run, "static", run.programs.static_daemon);
  if (!figures.ok()) return figures.status();
  SetBar(run.out.bars, "static: start to SERVING over floor", figures->start_over_floor);
  SetBar(run.out.bars, "static: resident idle", figures->idle_mib);
  if (run.sizes.in_flight == kPromisedInFlight) {
    SetBar(run.out.bars, "static: resident with 1,000 uncached reads in flight", figures->loaded_mib);
  }
  return absl::OkStatus();
}

}  // namespace daytonad::bench
