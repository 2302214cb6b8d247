#ifndef DAYTONAD_TESTS_BENCH_MEASUREMENTS_H_
#define DAYTONAD_TESTS_BENCH_MEASUREMENTS_H_

#include <chrono>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/load.h"
#include "tests/bench/report.h"
#include "tests/bench/subjects.h"

namespace daytonad::bench {

struct MeasurementOptions {
  std::chrono::nanoseconds per_point{0};  // how long to measure each server with each number of callers
  std::vector<size_t> callers;            // no more than there are sandboxes
  int rounds = 5;                         // in which per_point is spent; the servers take turns
};

// Reads that go upstream every time, and how long a server takes to start. Fails if any call does.
absl::StatusOr<Measurements> Measure(Subjects& subjects, const MeasurementOptions& options);

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_MEASUREMENTS_H_
