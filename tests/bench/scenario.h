#ifndef DAYTONAD_TESTS_BENCH_SCENARIO_H_
#define DAYTONAD_TESTS_BENCH_SCENARIO_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/report.h"
#include "tests/bench/stack.h"

namespace daytonad::bench {

// The amount of work measured. A bar is set only by a run of the size that it names.
struct Sizes {
  std::chrono::nanoseconds per_point{0};  // how long to measure each server with each number of callers
  int rounds = 5;                         // over which per_point is spread; the servers take turns
  std::vector<size_t> callers = {1, 16, 128};
  size_t waiters = 1000;
  size_t watchers = 1000;
  size_t followers = 100;
  size_t in_flight = 1000;
  size_t creates = 50;
  std::chrono::nanoseconds hold{0};           // how long calls wait before the awaited change
  std::chrono::milliseconds create_delay{0};  // how long upstream takes to create a sandbox
};

// The input of a scenario, and where it puts its results.
struct Run {
  Programs programs;
  Sizes sizes;
  Measurements& out;

  void AddFigure(std::string scenario, std::string name, double value, std::string unit) const {
    out.figures.push_back({std::move(scenario), std::move(name), value, std::move(unit)});
  }
};

// Each starts the servers that it needs, and ends them. Fails if any call fails, or if the scenario did not measure
// what it is about.
absl::Status MeasureReads(const Run& run);           // cached, uncached and coalesced, by callers in a closed loop
absl::Status MeasureWaiters(const Run& run);         // calls that wait, each on its own sandbox
absl::Status MeasurePollingWaiters(const Run& run);  // calls that wait on few sandboxes, without events
absl::Status MeasureWatchers(const Run& run);        // streams that watch one sandbox
absl::Status MeasureLogFollowers(const Run& run);    // streams that follow one build log
absl::Status MeasureProcess(const Run& run);         // start and memory
absl::Status MeasureSdks(const Run& run);            // the same work through the daemon and by the official SDKs

double Milliseconds(std::chrono::nanoseconds time);
double Median(std::vector<double> values);
// Used by this process, that is by the clients.
std::chrono::nanoseconds OwnCpu();

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_SCENARIO_H_
