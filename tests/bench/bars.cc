#include "tests/bench/bars.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace daytonad::bench {

std::vector<Bar> AllBars() {
  constexpr char kRatio[] = "ratio";
  return {
      {"cached read, 1 caller: p50 over floor", 1.25, kRatio},
      {"cached read, 16 callers: CPU per call over floor", 1.25, kRatio},
      {"cached read, 16 callers: calls/s of the floor over the daemon's", 1 / 0.85, kRatio},
      {"cached read, 128 callers: CPU per call over floor", 1.25, kRatio},
      {"cached read, 128 callers: calls/s of the floor over the daemon's", 1 / 0.85, kRatio},
      {"uncached read, 1 caller: p50 over a curl call plus a floor call", 2.2, kRatio},
      {"uncached read, 16 callers: CPU per call over floor", 5.0, kRatio},
      {"10,000 waiters, 10,000 sandboxes, events: upstream reads a minute", 60, "reads/min"},
      {"10,000 waiters, 10,000 sandboxes, events: last told over floor", 2.0, kRatio},
      {"10,000 waiters, 10,000 sandboxes, events: daemon resident", 250, "MiB"},
      {"10,000 waiters, 200 sandboxes, no events: upstream reads a minute", 120, "reads/min"},
      {"10,000 waiters, 200 sandboxes, no events: last told", 1.2, "s"},
      {"10,000 waiters, 200 sandboxes, no events: daemon resident", 250, "MiB"},
      {"10,000 watchers of one sandbox: upstream subscriptions", 1, "connections"},
      {"10,000 watchers of one sandbox: last told over floor", 1.5, kRatio},
      {"10,000 watchers of one sandbox: memory per stream", 24, "KiB"},
      {"200 creates, Python SDK: upstream reads of the daemon over the SDK's", 1.0 / 20, kRatio},
      {"200 creates, Python SDK: CPU of daemon and C++ client over the SDK's", 1.0 / 10, kRatio},
      {"200 creates, Python SDK: p50 until it is known, daemon over SDK", 1.0, kRatio},
      {"200 creates, TypeScript SDK: upstream reads of the daemon over the SDK's", 1.0 / 20, kRatio},
      {"200 creates, TypeScript SDK: p50 until it is known, daemon over SDK", 1.0, kRatio},
      {"static: start to SERVING over floor", 2.0, kRatio},
      {"static: resident idle", 18, "MiB"},
      {"static: resident with 1,000 uncached reads in flight", 64, "MiB"},
  };
}

void SetBar(std::vector<Bar>& bars, absl::string_view name, double value) {
  const auto bar = std::find_if(bars.begin(), bars.end(), [name](const Bar& bar) { return bar.name == name; });
  if (bar == bars.end()) {
    std::cerr << "daytonad-bench: there is no bar \"" << name << "\"\n";
    std::abort();
  }
  bar->run = true;
  bar->value = value;
}

}  // namespace daytonad::bench
