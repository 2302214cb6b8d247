#ifndef DAYTONAD_TESTS_BENCH_STACK_H_
#define DAYTONAD_TESTS_BENCH_STACK_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daytonad/v1/sandbox.pb.h"
#include "tests/bench/server_process.h"
#include "tests/bench/upstream.h"

namespace daytonad::bench {

// Paths of the programs.
struct Programs {
  std::string daemon;
  std::string static_daemon;  // of the preset `static`; empty if it was not built
  std::string emulator;
  std::string floor;
  std::string work_directory;  // for sockets and logs; created by the caller
  std::string sdk_directory;   // of tests/bench/sdk
  std::string python;          // with the official SDK; empty: none
  std::string node_modules;    // with the official SDK; empty: none
};

struct StackOptions {
  size_t sandboxes = 0;  // how many to create
  // Whether upstream offers events. The daemon and the emulator must support --events then.
  bool events = true;
  std::vector<std::string> emulator_flags;
  std::string daemon;  // a path; empty: the one in Programs
};

// The daemon with its own emulator.
class Stack {
 public:
  static absl::StatusOr<std::unique_ptr<Stack>> Start(const Programs& programs, StackOptions options);

  const std::string& address() const { return address_; }
  const std::string& api_url() const { return api_url_; }
  ServerProcess& daemon() { return *daemon_; }
  ServerProcess& emulator() { return *emulator_; }
  Upstream& upstream() { return *upstream_; }
  // Ids of sandboxes that exist upstream, all started.
  const std::vector<std::string>& sandboxes() const { return sandboxes_; }
  // The first of them, as returned by the daemon.
  absl::StatusOr<v1::Sandbox> FirstSandbox() const;

 private:
  absl::Status StartEmulator(const Programs& programs, const StackOptions& options);
  absl::Status StartDaemon(const Programs& programs, const StackOptions& options);
  absl::Status CreateSandboxes(size_t count);

  std::string address_;
  std::string api_url_;
  std::unique_ptr<ServerProcess> emulator_;  // declared first, so that it ends last
  std::unique_ptr<ServerProcess> daemon_;
  std::optional<Upstream> upstream_;
  std::vector<std::string> sandboxes_;
};

// The bare server, which returns each sandbox as `answer`, under the requested id.
class Floor {
 public:
  static absl::StatusOr<std::unique_ptr<Floor>> Start(const Programs& programs, const v1::Sandbox& answer);

  const std::string& address() const { return address_; }
  ServerProcess& process() { return *process_; }
  // Answers all calls that wait for the state, and sends it on all streams. Returns when it began.
  absl::StatusOr<std::chrono::steady_clock::time_point> Change(v1::SandboxState state) const;

 private:
  std::string address_;
  std::unique_ptr<ServerProcess> process_;
};

// The key that the emulator accepts.
extern const char kApiKey[];

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_STACK_H_
