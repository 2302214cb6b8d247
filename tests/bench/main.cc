// daytonad-bench: what the daemon adds to a call, as ratios to a bare gRPC server measured in the same run.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/measurements.h"
#include "tests/bench/report.h"
#include "tests/bench/subjects.h"

namespace daytonad::bench {
namespace {

struct Flags {
  double seconds = 3;
  std::vector<size_t> callers = {1, 16, 128};
  std::string bin_dir;
  std::string report = "build/bench/report.json";
};

absl::Status Run(const Flags& flags, const std::string& own_folder) {
  // Not below the build folder: the path of a UNIX socket is short.
  std::string work_directory = (std::filesystem::temp_directory_path() / "daytonad-bench-XXXXXX").string();
  if (::mkdtemp(work_directory.data()) == nullptr) return absl::InternalError("cannot make a temporary folder");
  const absl::Cleanup remove = [&work_directory] {
    std::error_code ignored;
    std::filesystem::remove_all(work_directory, ignored);
  };

  MeasurementOptions options;
  options.per_point =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(flags.seconds));
  options.callers = flags.callers;
  SubjectsOptions subjects_options;
  subjects_options.bin_dir = flags.bin_dir;
  subjects_options.floor_program = own_folder + "/daytonad-floor-server";
  subjects_options.work_directory = work_directory;
  subjects_options.sandboxes = *std::max_element(options.callers.begin(), options.callers.end());
  const absl::StatusOr<std::unique_ptr<Subjects>> subjects = Subjects::Start(std::move(subjects_options));
  if (!subjects.ok()) return subjects.status();

  const absl::StatusOr<Measurements> measurements = Measure(**subjects, options);
  if (!measurements.ok()) return measurements.status();
  std::cout << Table(*measurements);
  return WriteReport(*measurements, flags.report);
}

int Main(int argc, char** argv) {
  std::error_code error;
  const std::filesystem::path own_folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  Flags flags;
  flags.bin_dir = (own_folder.parent_path() / "bin").string();
  CLI::App app("Measures daytonad against a bare gRPC server.", "daytonad-bench");
  app.add_option("--seconds", flags.seconds, "how long to measure each server with each number of callers")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--callers", flags.callers, "how many at a time; repeatable")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--bin-dir", flags.bin_dir, "where daytonad and daytona-emulator are")->capture_default_str();
  app.add_option("--report", flags.report, "where to write the report")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const absl::Status status = Run(flags, own_folder.string());
  if (status.ok()) {
    std::cout << "report: " << flags.report << '\n';
    return 0;
  }
  std::cerr << "daytonad-bench: " << status.message() << '\n';
  return 1;
}

}  // namespace
}  // namespace daytonad::bench

int main(int argc, char** argv) { return daytonad::bench::Main(argc, argv); }
