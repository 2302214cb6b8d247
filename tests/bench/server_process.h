#ifndef DAYTONAD_TESTS_BENCH_SERVER_PROCESS_H_
#define DAYTONAD_TESTS_BENCH_SERVER_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace daytonad::bench {

struct ServerCommand {
  std::string program;  // a path
  std::vector<std::string> arguments;
  // NAME=VALUE, in addition to this process's environment without DAYTONA* and proxies.
  std::vector<std::string> environment;
  std::string log_path;  // receives its output
};

// A server as a child process, which ends with this object, or with this process.
class ServerProcess {
 public:
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const ServerCommand& command);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Waits until the gRPC server at unix:`path` is healthy.
  absl::Status WaitUntilServing(const std::string& path);
  // Waits until it has printed a line that begins with `prefix`, and returns the rest of that line.
  absl::StatusOr<std::string> WaitForLine(absl::string_view prefix);

  // From Start() until WaitUntilServing() found it healthy.
  std::chrono::nanoseconds time_to_serving() const { return time_to_serving_; }
  // Used by all its threads, including ended ones.
  std::chrono::nanoseconds cpu_time() const;
  double resident_mib() const { return StatusField("VmRSS:") / 1024; }
  // The peak.
  double peak_resident_mib() const { return StatusField("VmHWM:") / 1024; }
  // Waits until it has used almost no CPU for some time, so that its work is done or blocked. Gives up after a while.
  void WaitUntilQuiet() const;
  // For a program that ends by itself: waits for its end. Fails unless its status is 0.
  absl::Status WaitForExit(std::chrono::seconds limit);
  // Its output, including standard error.
  std::string Output() const;

 private:
  ServerProcess(pid_t pid, std::string name, std::string log_path);
  // Polls until `condition` holds. Fails if the process ends, or after a time.
  absl::Status WaitUntil(absl::string_view what, const std::function<bool()>& condition);
  bool Exited();
  double StatusField(absl::string_view name) const;
  absl::Status Failure(absl::string_view problem) const;

  pid_t pid_;  // 0: has ended
  int exit_status_ = 0;
  const std::string name_;
  const std::string log_path_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::nanoseconds time_to_serving_{0};
};

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_SERVER_PROCESS_H_
