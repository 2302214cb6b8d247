#ifndef DAYTONAD_TESTS_BENCH_SUBJECTS_H_
#define DAYTONAD_TESTS_BENCH_SUBJECTS_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/server_process.h"
#include "tests/bench/upstream.h"

namespace daytonad::bench {

enum class Subject { kFloor, kDaemon };

struct SubjectsOptions {
  std::string bin_dir;         // where daytonad and daytona-emulator are
  std::string floor_program;   // path of daytonad-floor-server
  std::string work_directory;  // for sockets and logs
  size_t sandboxes = 1;        // how many to create
};

// What is compared: the daemon before its emulator, and the floor, which gives the answers that the daemon gave.
class Subjects {
 public:
  static absl::StatusOr<std::unique_ptr<Subjects>> Start(SubjectsOptions options);

  std::string address(Subject subject) const;
  ServerProcess& server(Subject subject) { return subject == Subject::kFloor ? *floor_ : *daemon_; }
  Upstream& upstream() { return *upstream_; }
  // Ids of sandboxes that exist upstream, all started.
  const std::vector<std::string>& sandboxes() const { return sandboxes_; }

  // How long another process of that kind takes from its start until its health is SERVING.
  absl::StatusOr<std::chrono::nanoseconds> MeasureStart(Subject subject);

 private:
  explicit Subjects(SubjectsOptions options) : options_(std::move(options)) {}

  std::string Path(const std::string& name) const { return options_.work_directory + "/" + name; }
  ServerCommand Command(Subject subject, const std::string& name) const;
  absl::StatusOr<std::unique_ptr<ServerProcess>> Serve(Subject subject, const std::string& name) const;
  absl::Status StartEmulator();
  absl::Status CreateSandboxes();
  absl::Status SaveAnswer();

  const SubjectsOptions options_;
  std::string api_url_;
  std::unique_ptr<ServerProcess> emulator_;  // first, as it ends last
  std::unique_ptr<ServerProcess> daemon_;
  std::unique_ptr<ServerProcess> floor_;
  std::optional<Upstream> upstream_;
  std::vector<std::string> sandboxes_;
};

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_SUBJECTS_H_
