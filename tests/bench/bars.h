#ifndef DAYTONAD_TESTS_BENCH_BARS_H_
#define DAYTONAD_TESTS_BENCH_BARS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace daytonad::bench {

// A promise: a figure that must not exceed a limit.
struct Bar {
  std::string name;
  double limit = 0;
  std::string unit;
  bool run = false;  // else `value` means nothing
  double value = 0;

  bool holds() const { return run && value <= limit; }
};

// All promises, whether or not this run measures them, so that none can silently be missing from a report.
std::vector<Bar> AllBars();

// Sets the value of the bar of that name, of which there must be one.
void SetBar(std::vector<Bar>& bars, absl::string_view name, double value);

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_BARS_H_
