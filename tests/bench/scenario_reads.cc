#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/scenario.h"

namespace daytonad::bench {
namespace {

// The figures of a load for medians and ratios.
constexpr double LoadResult::*kFigures[] = {&LoadResult::p50_us, &LoadResult::p99_us, &LoadResult::calls_per_second,
                                            &LoadResult::cpu_us_per_call};

constexpr size_t kCoalescedCallers = 128;

// Per figure, so possibly from different rounds; all calls are counted.
LoadResult MedianOf(const std::vector<LoadResult>& rounds) {
  LoadResult median;
  for (const LoadResult& round : rounds) median.calls += round.calls;
  for (const auto figure : kFigures) {
    std::vector<double> values;
    values.reserve(rounds.size());
    for (const LoadResult& round : rounds) values.push_back(round.*figure);
    median.*figure = Median(std::move(values));
  }
  return median;
}

LoadResult Ratio(const LoadResult& daemon, const LoadResult& floor) {
  LoadResult ratio;
  for (const auto figure : kFigures) ratio.*figure = daemon.*figure / floor.*figure;
  return ratio;
}

class Reads {
 public:
  Reads(const Run& run, Stack& stack, Floor& floor) : run_(run), stack_(stack), floor_(floor) {}

  // Continues after a failure, and returns the first one.
  absl::Status Measure() {
    absl::Status first = absl::OkStatus();
    for (const size_t callers : run_.sizes.callers) first.Update(Compare("cached read", callers, false));
    for (const size_t callers : run_.sizes.callers) first.Update(Compare("uncached read", callers, true));
    first.Update(MeasureCoalesced());
    run_.AddFigure("reads", "daemon resident at most, all reads", stack_.daemon().peak_resident_mib(), "MiB");
    return first;
  }

 private:
  absl::Status Compare(const std::string& name, size_t callers, bool fresh) {
    std::vector<LoadResult> floors;
    std::vector<LoadResult> daemons;
    std::vector<LoadResult> ratios;
    std::vector<double> curls_us;
    std::vector<double> over_curl;
    const std::vector<std::string> sandboxes(stack_.sandboxes().begin(),
                                             stack_.sandboxes().begin() + static_cast<std::ptrdiff_t>(callers));
    for (int i = 0; i < run_.sizes.rounds; ++i) {
      const absl::StatusOr<LoadResult> floor = Load(floor_.address(), floor_.process(), sandboxes, fresh);
      if (!floor.ok()) return floor.status();
      const absl::StatusOr<LoadResult> daemon = DaemonLoad(sandboxes, fresh);
      if (!daemon.ok()) return daemon.status();
      floors.push_back(*floor);
      daemons.push_back(*daemon);
      ratios.push_back(Ratio(*daemon, *floor));
      if (callers != 1 || !fresh) continue;
      const absl::StatusOr<double> curl_us = stack_.upstream().MeasureGetSandbox(sandboxes.front(), RoundTime() / 2);
      if (!curl_us.ok()) return curl_us.status();
      curls_us.push_back(*curl_us);
      over_curl.push_back(daemon->p50_us / (*curl_us + floor->p50_us));
    }
    const LoadResult ratio = MedianOf(ratios);
    run_.out.points.push_back({name, callers, MedianOf(floors), MedianOf(daemons), ratio});
    if (!over_curl.empty()) {
      run_.AddFigure("reads", "a bare curl call to the emulator, p50", Median(std::move(curls_us)), "us");
    }
    SetBars(callers, fresh, ratio, over_curl);
    return absl::OkStatus();
  }

  void SetBars(size_t callers, bool fresh, const LoadResult& ratio, const std::vector<double>& over_curl) {
    std::vector<Bar>& bars = run_.out.bars;
    if (fresh && callers == 1) {
      SetBar(bars, "uncached read, 1 caller: p50 over a curl call plus a floor call", Median(over_curl));
    } else if (fresh && callers == 16) {
      SetBar(bars, "uncached read, 16 callers: CPU per call over floor", ratio.cpu_us_per_call);
    } else if (!fresh && callers == 1) {
      SetBar(bars, "cached read, 1 caller: p50 over floor", ratio.p50_us);
    } else if (!fresh && (callers == 16 || callers == 128)) {
      const std::string bar = absl::StrCat("cached read, ", callers, " callers: ");
      SetBar(bars, absl::StrCat(bar, "CPU per call over floor"), ratio.cpu_us_per_call);
      SetBar(bars, absl::StrCat(bar, "calls/s of the floor over the daemon's"), 1 / ratio.calls_per_second);
    }
  }

  absl::StatusOr<LoadResult> Load(const std::string& address, ServerProcess& server,
                                  const std::vector<std::string>& sandboxes, bool fresh) {
    LoadOptions load;
    load.address = address;
    load.sandboxes = sandboxes;
    load.fresh = fresh;
    load.warm_up = RoundTime() / 5;
    load.measured = RoundTime();
    load.server_cpu = [&server] { return server.cpu_time(); };
    return RunLoad(load);
  }

  // Also fails if the daemon answered from memory where it should not, or did not where it should: the figures would
  // then measure something else.
  absl::StatusOr<LoadResult> DaemonLoad(const std::vector<std::string>& sandboxes, bool fresh) {
    const absl::StatusOr<RequestCounts> before = stack_.upstream().Requests();
    if (!before.ok()) return before.status();
    absl::StatusOr<LoadResult> load = Load(stack_.address(), stack_.daemon(), sandboxes, fresh);
    if (!load.ok()) return load.status();
    const absl::StatusOr<RequestCounts> after = stack_.upstream().Requests();
    if (!after.ok()) return after.status();
    const std::uint64_t requests = after->all - before->all;
    if (fresh ? requests < load->calls : requests > load->calls / 10 + 2 * sandboxes.size()) {
      return absl::InternalError(absl::StrCat(
          load->calls, fresh ? " uncached" : " cached", " reads made ", requests,
          " requests to the emulator: ", fresh ? "some were not fresh" : "the daemon serves no reads from a cache"));
    }
    return load;
  }

  // Many callers, one sandbox: the number of requests.
  absl::Status MeasureCoalesced() {
    const absl::StatusOr<RequestCounts> before = stack_.upstream().Requests();
    if (!before.ok()) return before.status();
    const std::vector<std::string> sandboxes(kCoalescedCallers, stack_.sandboxes().front());
    const absl::StatusOr<LoadResult> load = Load(stack_.address(), stack_.daemon(), sandboxes, true);
    if (!load.ok()) return load.status();
    const absl::StatusOr<RequestCounts> after = stack_.upstream().Requests();
    if (!after.ok()) return after.status();
    const std::string scenario = absl::StrCat("coalesced read, ", kCoalescedCallers, " callers of one sandbox");
    run_.AddFigure(scenario, "upstream requests a call",
                   static_cast<double>(after->all - before->all) / static_cast<double>(load->calls), "requests");
    run_.AddFigure(scenario, "calls/s", load->calls_per_second, "calls/s");
    run_.AddFigure(scenario, "CPU a call", load->cpu_us_per_call, "us");
    return absl::OkStatus();
  }

  std::chrono::nanoseconds RoundTime() const { return run_.sizes.per_point / run_.sizes.rounds; }

  const Run& run_;
  Stack& stack_;
  Floor& floor_;
};

}  // namespace

absl::Status MeasureReads(const Run& run) {
  StackOptions options;
  options.sandboxes = *std::max_element(run.sizes.callers.begin(), run.sizes.callers.end());
  const absl::StatusOr<std::unique_ptr<Stack>> stack = Stack::Start(run.programs, std::move(options));
  if (!stack.ok()) return stack.status();
  const absl::StatusOr<v1::Sandbox> answer = (*stack)->FirstSandbox();
  if (!answer.ok()) return answer.status();
  const absl::StatusOr<std::unique_ptr<Floor>> floor = Floor::Start(run.programs, *answer);
  if (!floor.ok()) return floor.status();
  return Reads(run, **stack, **floor).Measure();
}

}  // namespace daytonad::bench
