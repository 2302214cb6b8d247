#ifndef DAYTONAD_TESTS_BENCH_REPORT_H_
#define DAYTONAD_TESTS_BENCH_REPORT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/bars.h"
#include "tests/bench/load.h"

namespace daytonad::bench {

// The daemon and the floor under the same load: medians over the rounds.
struct Point {
  std::string name;  // the operation: "uncached read"
  size_t callers = 0;
  LoadResult floor;
  LoadResult daemon;
  LoadResult ratio;  // daemon over floor, of each round, then the median; `calls` means nothing here
};

// Any other measurement.
struct Figure {
  std::string scenario;
  std::string name;
  double value = 0;
  std::string unit;
};

// A scenario that failed.
struct Failure {
  std::string scenario;
  std::string message;
};

struct Measurements {
  std::vector<Point> points;
  std::vector<Figure> figures;
  std::vector<Bar> bars = AllBars();
  std::vector<Failure> failures;
};

std::string Table(const Measurements& measurements);

// As JSON, with the facts of the machine and the path of the measured daemon; README.md describes it. Creates the
// folder.
absl::Status WriteReport(const Measurements& measurements, const std::string& daemon, const std::string& path);

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_REPORT_H_
