#ifndef DAYTONAD_TESTS_BENCH_WATCHERS_H_
#define DAYTONAD_TESTS_BENCH_WATCHERS_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daytonad/v1/sandbox.pb.h"

namespace daytonad::bench {

// WatchSandbox streams of one sandbox. They end with this object.
class Watchers {
 public:
  Watchers(const std::string& address, const std::string& sandbox, size_t count);
  ~Watchers();
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  // Call it before the state can change: streams told of it from then on count.
  void Expect(v1::SandboxState state);
  // Waits until each has been told of the expected state, and returns the time when the last one was. Fails if any
  // stream ends.
  absl::StatusOr<std::chrono::steady_clock::time_point> LastTold();

 private:
  struct Shared;
  class Stream;

  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_WATCHERS_H_
