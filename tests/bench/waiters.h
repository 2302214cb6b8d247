#ifndef DAYTONAD_TESTS_BENCH_WAITERS_H_
#define DAYTONAD_TESTS_BENCH_WAITERS_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daytonad/v1/sandbox.pb.h"

namespace daytonad::bench {

// Calls of WaitSandbox that are all in flight at once.
class Waiters {
 public:
  // Call number i waits for sandboxes[i] to be in that state. Connections are kept for the rounds that follow.
  Waiters(const std::string& address, std::vector<std::string> sandboxes);
  ~Waiters();
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  // Begins a round of calls. The previous one must have ended.
  void Begin(v1::SandboxState state);
  // Waits until all calls of the round have ended, and returns the time when the last one did. Fails if any failed or
  // returned another state than it waited for.
  absl::StatusOr<std::chrono::steady_clock::time_point> LastTold();

 private:
  struct Round;
  class Caller;

  void CancelAndWait();

  std::unique_ptr<Round> round_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_WAITERS_H_
