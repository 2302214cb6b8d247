#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/scenario.h"
#include "tests/bench/waiters.h"

namespace daytonad::bench {
namespace {

using std::chrono::steady_clock;

constexpr size_t kPromisedWaiters = 10'000;
constexpr size_t kPolledSandboxes = 200;
constexpr int kRounds = 3;

struct State {
  v1::SandboxState state;
  const char* upstream;
};
// In alternation: the wanted state is never the current one.
constexpr State kStates[] = {{v1::SANDBOX_STATE_STOPPED, "stopped"}, {v1::SANDBOX_STATE_STARTED, "started"}};

absl::StatusOr<double> FloorTold(Floor& floor, Waiters& waiters, const State& state) {
  waiters.Begin(state.state);
  floor.process().WaitUntilQuiet();
  const absl::StatusOr<steady_clock::time_point> began = floor.Change(state.state);
  if (!began.ok()) return began.status();
  const absl::StatusOr<steady_clock::time_point> told = waiters.LastTold();
  if (!told.ok()) return told.status();
  return Milliseconds(*told - *began);
}

struct DaemonTold {
  double told_ms = 0;      // from before the first change until the last call ended
  double changing_ms = 0;  // how long upstream took to change them all
  double reads_a_minute = 0;
  double resident_mib = 0;
  // CPU time from the first change until the last call ended, of those that share the cores with the daemon.
  double daemon_cpu_ms = 0;
  double emulator_cpu_ms = 0;
  double client_cpu_ms = 0;
};

// `hold`: how long calls wait before the change.
absl::StatusOr<DaemonTold> TellDaemon(Stack& stack, Waiters& waiters, const State& state,
                                      std::chrono::nanoseconds hold) {
  const absl::StatusOr<RequestCounts> before = stack.upstream().Requests();
  if (!before.ok()) return before.status();
  const steady_clock::time_point began = steady_clock::now();
  waiters.Begin(state.state);
  stack.daemon().WaitUntilQuiet();
  std::this_thread::sleep_until(began + hold);
  DaemonTold result;
  result.resident_mib = stack.daemon().resident_mib();
  const std::chrono::nanoseconds daemon_cpu = stack.daemon().cpu_time();
  const std::chrono::nanoseconds emulator_cpu = stack.emulator().cpu_time();
  const std::chrono::nanoseconds client_cpu = OwnCpu();
  const absl::StatusOr<TimeOfChange> change = stack.upstream().ForceAll(state.upstream);
  if (!change.ok()) return change.status();
  const absl::StatusOr<steady_clock::time_point> told = waiters.LastTold();
  if (!told.ok()) return told.status();
  result.daemon_cpu_ms = Milliseconds(stack.daemon().cpu_time() - daemon_cpu);
  result.emulator_cpu_ms = Milliseconds(stack.emulator().cpu_time() - emulator_cpu);
  result.client_cpu_ms = Milliseconds(OwnCpu() - client_cpu);
  const absl::StatusOr<RequestCounts> after = stack.upstream().Requests();
  if (!after.ok()) return after.status();
  const std::chrono::duration<double> took = steady_clock::now() - began;
  result.told_ms = Milliseconds(*told - change->began);
  result.changing_ms = Milliseconds(change->ended - change->began);
  result.reads_a_minute = static_cast<double>(after->reads - before->reads) * 60 / took.count();
  return result;
}

void AddFigures(const Run& run, const std::string& scenario, const DaemonTold& first) {
  run.AddFigure(scenario, "upstream reads a minute", first.reads_a_minute, "reads/min");
  run.AddFigure(scenario, "daemon resident while they wait", first.resident_mib, "MiB");
  run.AddFigure(scenario, "CPU while they are told: daemon", first.daemon_cpu_ms, "ms");
  run.AddFigure(scenario, "CPU while they are told: emulator", first.emulator_cpu_ms, "ms");
  run.AddFigure(scenario, "CPU while they are told: the clients", first.client_cpu_ms, "ms");
}

}  // namespace

absl::Status MeasureWaiters(const Run& run) {
  const size_t count = run.sizes.waiters;
  StackOptions options;
  options.sandboxes = count;
  absl::StatusOr<std::unique_ptr<Stack>> stack = Stack::Start(run.programs, std::move(options));
  if (!stack.ok()) return stack.status();
  const absl::StatusOr<v1::Sandbox> answer = (*stack)->FirstSandbox();
  if (!answer.ok()) return answer.status();
  absl::StatusOr<std::unique_ptr<Floor>> floor = Floor::Start(run.programs, *answer);
  if (!floor.ok()) return floor.status();

  Waiters floor_waiters((*floor)->address(), (*stack)->sandboxes());
  Waiters waiters((*stack)->address(), (*stack)->sandboxes());
  std::vector<double> floors;
  std::vector<DaemonTold> daemons;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const State& state = kStates[round % 2];
    const absl::StatusOr<double> floor_ms = FloorTold(**floor, floor_waiters, state);
    if (!floor_ms.ok()) return floor_ms.status();
    // The first round waits long enough to count requests per minute.
    const auto hold = round == 0 ? run.sizes.hold : std::chrono::nanoseconds(0);
    const absl::StatusOr<DaemonTold> daemon = TellDaemon(**stack, waiters, state, hold);
    if (!daemon.ok()) return daemon.status();
    floors.push_back(*floor_ms);
    daemons.push_back(*daemon);
    ratios.push_back(daemon->told_ms / *floor_ms);
  }
  std::vector<double> told;
  std::vector<double> changing;
  for (const DaemonTold& daemon : daemons) {
    told.push_back(daemon.told_ms);
    changing.push_back(daemon.changing_ms);
  }
  const std::string scenario = absl::StrCat(count, " waiters, a sandbox each, events");
  AddFigures(run, scenario, daemons.front());
  run.AddFigure(scenario, "last told", Median(told), "ms");
  run.AddFigure(scenario, "of which upstream was still changing states", Median(changing), "ms");
  run.AddFigure(scenario, "last told, floor", Median(floors), "ms");
  if (count != kPromisedWaiters) return absl::OkStatus();
  const std::string bar = "10,000 waiters, 10,000 sandboxes, events: ";
  if (run.sizes.hold >= std::chrono::minutes(1)) {
    SetBar(run.out.bars, absl::StrCat(bar, "upstream reads a minute"), daemons.front().reads_a_minute);
  }
  SetBar(run.out.bars, absl::StrCat(bar, "last told over floor"), Median(ratios));
  SetBar(run.out.bars, absl::StrCat(bar, "daemon resident"), (*stack)->daemon().peak_resident_mib());
  return absl::OkStatus();
}

absl::Status MeasurePollingWaiters(const Run& run) {
  const size_t count = run.sizes.waiters;
  StackOptions options;
  options.sandboxes = std::min(count, kPolledSandboxes);
  options.events = false;
  absl::StatusOr<std::unique_ptr<Stack>> stack = Stack::Start(run.programs, std::move(options));
  if (!stack.ok()) return stack.status();
  std::vector<std::string> sandboxes;
  for (size_t i = 0; i < count; ++i) sandboxes.push_back((*stack)->sandboxes()[i % (*stack)->sandboxes().size()]);
  Waiters waiters((*stack)->address(), std::move(sandboxes));
  std::vector<double> told;
  std::vector<DaemonTold> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto hold = round == 0 ? run.sizes.hold : run.sizes.hold / 4;
    const absl::StatusOr<DaemonTold> daemon = TellDaemon(**stack, waiters, kStates[round % 2], hold);
    if (!daemon.ok()) return daemon.status();
    told.push_back(daemon->told_ms);
    rounds.push_back(*daemon);
  }
  const std::string scenario = absl::StrCat(count, " waiters, ", (*stack)->sandboxes().size(), " sandboxes, no events");
  AddFigures(run, scenario, rounds.front());
  const double worst_ms = *std::max_element(told.begin(), told.end());
  run.AddFigure(scenario, "last told, the worst of three rounds", worst_ms, "ms");
  if (count != kPromisedWaiters) return absl::OkStatus();
  const std::string bar = "10,000 waiters, 200 sandboxes, no events: ";
  if (run.sizes.hold >= std::chrono::minutes(1)) {
    SetBar(run.out.bars, absl::StrCat(bar, "upstream reads a minute"), rounds.front().reads_a_minute);
  }
  SetBar(run.out.bars, absl::StrCat(bar, "last told"), worst_ms / 1000);
  SetBar(run.out.bars, absl::StrCat(bar, "daemon resident"), (*stack)->daemon().peak_resident_mib());
  return absl::OkStatus();
}

}  // namespace daytonad::bench
