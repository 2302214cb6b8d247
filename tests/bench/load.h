#ifndef DAYTONAD_TESTS_BENCH_LOAD_H_
#define DAYTONAD_TESTS_BENCH_LOAD_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace daytonad::bench {

struct LoadOptions {
  std::string address;  // of the server, unix:PATH
  // Each is read by its own caller, one call after the other; so this is also the number of callers.
  std::vector<std::string> sandboxes;
  bool fresh = true;  // max_age 0: past any cache
  // Calls that end within this time are not counted.
  std::chrono::nanoseconds warm_up{0};
  // Then calls are counted for this long and until there are as many as callers, or up to max_calls.
  std::chrono::nanoseconds measured{0};
  std::uint64_t max_calls = 300'000;
  // CPU time that the server has used since its start.
  std::function<std::chrono::nanoseconds()> server_cpu;
};

// Measurements of the counted calls.
struct LoadResult {
  std::uint64_t calls = 0;
  double p50_us = 0;
  double p99_us = 0;
  double calls_per_second = 0;
  double cpu_us_per_call = 0;  // of the server's whole process
};

// Reads sandboxes in a closed loop. Fails if any call fails or returns another sandbox than requested.
absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options);

// The value below which the share `quantile` (0 to 1) of `values` lies; 0 if there are none.
double Percentile(std::vector<double> values, double quantile);

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_LOAD_H_
