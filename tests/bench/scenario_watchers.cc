#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/scenario.h"
#include "tests/bench/watchers.h"

namespace daytonad::bench {
namespace {

using std::chrono::steady_clock;

constexpr size_t kPromisedWatchers = 10'000;
constexpr int kRounds = 5;

struct State {
  v1::SandboxState state;
  const char* upstream;
};
constexpr State kStates[] = {{v1::SANDBOX_STATE_STOPPED, "stopped"}, {v1::SANDBOX_STATE_STARTED, "started"}};

// Milliseconds until the last stream was told.
absl::StatusOr<double> TellFloor(const Floor& floor, Watchers& watchers, const State& state) {
  watchers.Expect(state.state);
  const absl::StatusOr<steady_clock::time_point> began = floor.Change(state.state);
  if (!began.ok()) return began.status();
  const absl::StatusOr<steady_clock::time_point> told = watchers.LastTold();
  if (!told.ok()) return told.status();
  return Milliseconds(*told - *began);
}

}  // namespace

absl::Status MeasureWatchers(const Run& run) {
  const size_t count = run.sizes.watchers;
  StackOptions options;
  options.sandboxes = 1;
  absl::StatusOr<std::unique_ptr<Stack>> stack = Stack::Start(run.programs, std::move(options));
  if (!stack.ok()) return stack.status();
  const absl::StatusOr<v1::Sandbox> answer = (*stack)->FirstSandbox();
  if (!answer.ok()) return answer.status();
  absl::StatusOr<std::unique_ptr<Floor>> floor = Floor::Start(run.programs, *answer);
  if (!floor.ok()) return floor.status();

  const std::string& sandbox = (*stack)->sandboxes().front();
  Watchers floor_watchers((*floor)->address(), sandbox, count);
  if (const auto opened = floor_watchers.LastTold(); !opened.ok()) return opened.status();
  if (const auto told = TellFloor(**floor, floor_watchers, kStates[1]); !told.ok()) return told.status();  // warm-up
  const double resident_before_mib = (*stack)->daemon().resident_mib();
  Watchers watchers((*stack)->address(), sandbox, count);
  if (const auto opened = watchers.LastTold(); !opened.ok()) return opened.status();
  (*stack)->daemon().WaitUntilQuiet();
  const double kib_each = ((*stack)->daemon().resident_mib() - resident_before_mib) * 1024 / static_cast<double>(count);
  const absl::StatusOr<double> subscriptions = (*stack)->upstream().EventConnections();
  if (!subscriptions.ok()) return subscriptions.status();

  std::vector<double> floors;
  std::vector<double> daemons;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const State& state = kStates[round % 2];
    const absl::StatusOr<double> floor_ms = TellFloor(**floor, floor_watchers, state);
    if (!floor_ms.ok()) return floor_ms.status();
    watchers.Expect(state.state);
    const absl::StatusOr<TimeOfChange> change = (*stack)->upstream().Force(sandbox, state.upstream);
    if (!change.ok()) return change.status();
    const absl::StatusOr<steady_clock::time_point> told = watchers.LastTold();
    if (!told.ok()) return told.status();
    floors.push_back(*floor_ms);
    daemons.push_back(Milliseconds(*told - change->began));
    ratios.push_back(daemons.back() / floors.back());
  }
  const std::string scenario = absl::StrCat(count, " watchers of one sandbox");
  run.AddFigure(scenario, "upstream subscriptions", *subscriptions, "connections");
  run.AddFigure(scenario, "last told", Median(daemons), "ms");
  run.AddFigure(scenario, "last told, floor", Median(floors), "ms");
  run.AddFigure(scenario, "memory per stream", kib_each, "KiB");
  if (count != kPromisedWatchers) return absl::OkStatus();
  const std::string bar = "10,000 watchers of one sandbox: ";
  SetBar(run.out.bars, absl::StrCat(bar, "upstream subscriptions"), *subscriptions);
  SetBar(run.out.bars, absl::StrCat(bar, "last told over floor"), Median(ratios));
  SetBar(run.out.bars, absl::StrCat(bar, "memory per stream"), kib_each);
  return absl::OkStatus();
}

}  // namespace daytonad::bench
