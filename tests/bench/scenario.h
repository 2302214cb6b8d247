#ifndef DAYTONAD_TESTS_BENCH_SCENARIO_H_
#define DAYTONAD_TESTS_BENCH_SCENARIO_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/report.h"
#include "tests/bench/stack.h"

namespace daytonad::bench {

// How much is measured. A bar is set only by a run of the size that it names.
struct Sizes {
  std::chrono::nanoseconds per_point{0};  // how long to measure each server with each number of callers
  int rounds = 5;                         // in which per_point is spent; the servers take turns
  std::vector<size_t> callers = {1, 16, 128};
  size_t waiters = 1000;
  size_t watchers = 1000;
  size_t followers = 100;
  size_t in_flight = 1000;
  size_t creates = 50;
  std::chrono::nanoseconds hold{0};           // how long calls wait before what they wait for happens
  std::chrono::milliseconds create_delay{0};  // how long upstream takes to create a sandbox
};

// What a scenario is given, and where it puts what it found.
struct Run {
  Programs programs;
  Sizes sizes;
  Measurements& out;

  void AddFigure(std::string scenario, std::string name, double value, std::string unit) const {
    out.figures.push_back({std::move(scenario), std::move(name), value, std::move(unit)});
  }
};

// Each starts the servers that it needs, and ends them. Fails if any call does, or if something else was measured than
// what the scenario is about.
absl::Status MeasureReads(const Run& run);           // cached, uncached and coalesced, by callers in a closed loop
absl::Status MeasureWaiters(const Run& run);         // calls that wait, each on a sandbox of its own
absl::Status MeasurePollingWaiters(const Run& run);  // calls that wait on few sandboxes, without events
absl::Status MeasureWatchers(const Run& run);        // streams that watch one sandbox
absl::Status MeasureLogFollowers(const Run& run);    // streams that follow one build log
absl::Status MeasureProcess(const Run& run);         // start and memory
absl::Status MeasureSdks(const Run& run);            // the same work by the daemon and by the official SDKs

double Milliseconds(std::chrono::nanoseconds time);
double Median(std::vector<double> values);
// Used by this process, that is by the clients.
std::chrono::nanoseconds OwnCpu();

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_SCENARIO_H_
