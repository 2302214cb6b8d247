#ifndef DAYTONAD_TESTS_BENCH_REPORT_H_
#define DAYTONAD_TESTS_BENCH_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/load.h"

namespace daytonad::bench {

// The daemon and the floor under the same load: medians over the rounds.
struct Point {
  std::string name;  // what is done: "uncached read"
  size_t callers = 0;
  LoadResult floor;
  LoadResult daemon;
  LoadResult ratio;  // daemon over floor, of each round, then the median; `calls` means nothing here
};

// A figure that may not exceed a limit.
struct Bar {
  std::string name;
  double value = 0;
  double limit = 0;
  std::string unit;

  bool holds() const { return value <= limit; }
};

struct Measurements {
  std::vector<Point> points;
  std::vector<Bar> bars;
  std::optional<double> curl_p50_us;  // a bare GET of a sandbox from the emulator; measured with one caller
  double floor_start_ms = 0;
  double daemon_start_ms = 0;
  std::int64_t daemon_resident_idle_kib = 0;
  std::int64_t daemon_resident_loaded_kib = 0;
};

std::string Table(const Measurements& measurements);

// As JSON, with the facts of the machine; README.md describes it. Makes the folder.
absl::Status WriteReport(const Measurements& measurements, const std::string& path);

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_REPORT_H_
