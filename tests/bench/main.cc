// daytonad-bench: what the daemon costs, as ratios to a bare gRPC server measured in the same run. README.md beside
// this says what is measured and how to read it.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "tests/bench/report.h"
#include "tests/bench/scenario.h"

namespace daytonad::bench {

double Milliseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.50); }

std::chrono::nanoseconds OwnCpu() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

namespace {

namespace fs = std::filesystem;

struct Scenario {
  std::string name;
  absl::Status (*measure)(const Run&);
};

const std::vector<Scenario>& Scenarios() {
  static const auto* const scenarios = new std::vector<Scenario>{
      {"reads", MeasureReads},
      {"waiters", MeasureWaiters},
      {"polling-waiters", MeasurePollingWaiters},
      {"watchers", MeasureWatchers},
      {"log-followers", MeasureLogFollowers},
      {"process", MeasureProcess},
      {"sdks", MeasureSdks},
  };
  return *scenarios;
}

struct Flags {
  bool full = false;
  std::vector<std::string> scenarios;
  std::string bin_dir;
  std::string daemon;  // empty: the one in bin_dir
  std::string static_daemon;
  std::string sdk_directory;
  std::string sdk_environment;
  std::string report = "build/bench/report.json";
  Sizes sizes;
  double seconds = 0;
  double hold = 0;
};

std::chrono::nanoseconds Duration(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

// Everything without its own flag.
void SetDefaults(const CLI::App& app, Flags& flags) {
  const auto set = [&app, &flags](const char* flag, auto& value, auto short_run, auto full_run) {
    if (app.count(flag) == 0) value = flags.full ? full_run : short_run;
  };
  set("--seconds", flags.seconds, 1.0, 5.0);
  set("--hold", flags.hold, 3.0, 61.0);
  set("--waiters", flags.sizes.waiters, 1000, 10'000);
  set("--watchers", flags.sizes.watchers, 1000, 10'000);
  set("--followers", flags.sizes.followers, 100, 1000);
  set("--creates", flags.sizes.creates, 50, 200);
  flags.sizes.create_delay = std::chrono::milliseconds(flags.full ? 10'000 : 2000);
  flags.sizes.per_point = Duration(flags.seconds);
  flags.sizes.hold = Duration(flags.hold);
}

std::string IfThere(const std::string& path) { return fs::exists(path) ? path : ""; }

// Allows thousands of connections and streams, here and in the servers, which inherit the limit.
void RaiseDescriptorLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Whether all scenarios completed; the results so far are reported in any case.
absl::Status RunAll(const Flags& flags, const std::string& own_folder) {
  // Not below the build folder: the path of a UNIX socket is short.
  std::string work_directory = (fs::temp_directory_path() / "daytonad-bench-XXXXXX").string();
  if (::mkdtemp(work_directory.data()) == nullptr) return absl::InternalError("cannot make a temporary folder");
  const absl::Cleanup remove = [&work_directory] {
    std::error_code ignored;
    fs::remove_all(work_directory, ignored);
  };

  Programs programs;
  programs.daemon = flags.daemon.empty() ? flags.bin_dir + "/daytonad" : flags.daemon;
  programs.emulator = flags.bin_dir + "/daytona-emulator";
  programs.static_daemon = IfThere(flags.static_daemon);
  programs.floor = own_folder + "/daytonad-floor-server";
  programs.work_directory = work_directory;
  programs.sdk_directory = flags.sdk_directory;
  programs.python = IfThere(flags.sdk_environment + "/python/bin/python");
  programs.node_modules = IfThere(flags.sdk_environment + "/node/node_modules");

  Measurements measurements;
  const Run run{programs, flags.sizes, measurements};
  for (const Scenario& scenario : Scenarios()) {
    const auto& wanted = flags.scenarios;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), scenario.name) == wanted.end()) continue;
    const absl::Status status = scenario.measure(run);
    if (!status.ok()) measurements.failures.push_back({scenario.name, std::string(status.message())});
  }
  std::cout << Table(measurements);
  if (absl::Status status = WriteReport(measurements, programs.daemon, flags.report); !status.ok()) return status;
  std::cout << "report: " << flags.report << '\n';
  return measurements.failures.empty() ? absl::OkStatus() : absl::InternalError("not all scenarios came to their end");
}

int Main(int argc, char** argv) {
  std::error_code error;
  const fs::path own_folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  Flags flags;
  flags.bin_dir = (own_folder.parent_path() / "bin").string();
  CLI::App app("Measures daytonad against a bare gRPC server.", "daytonad-bench");
  app.option_defaults()->take_last();  // run.sh passes some as well
  app.add_flag("--full", flags.full, "with the numbers that the bars are about; some minutes long");
  std::vector<std::string> names;
  for (const Scenario& scenario : Scenarios()) names.push_back(scenario.name);
  app.add_option("--scenario", flags.scenarios, "what to measure, if not all; repeatable")->check(CLI::IsMember(names));
  app.add_option("--seconds", flags.seconds, "how long to measure each server with each number of callers")
      ->check(CLI::Range(0.01, 3600.0));
  app.add_option("--callers", flags.sizes.callers, "of reads, how many at a time; repeatable")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--waiters", flags.sizes.waiters, "calls that wait")->check(CLI::Range(1, 100'000));
  app.add_option("--hold", flags.hold, "for how many seconds they do")->check(CLI::Range(0.0, 3600.0));
  app.add_option("--watchers", flags.sizes.watchers, "streams that watch")->check(CLI::Range(1, 100'000));
  app.add_option("--followers", flags.sizes.followers, "streams that follow a log")->check(CLI::Range(1, 100'000));
  app.add_option("--in-flight", flags.sizes.in_flight, "reads in flight when memory is looked at")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--creates", flags.sizes.creates, "sandboxes that each SDK creates")->check(CLI::Range(1, 10'000));
  app.add_option("--bin-dir", flags.bin_dir, "where daytonad and daytona-emulator are")->capture_default_str();
  app.add_option("--daemon", flags.daemon, "the daytonad to measure, if not the one in --bin-dir");
  app.add_option("--static-daemon", flags.static_daemon, "the daytonad of the preset static, if it was built");
  app.add_option("--sdk-dir", flags.sdk_directory, "tests/bench/sdk");
  app.add_option("--sdk-env", flags.sdk_environment, "where tests/sdk/setup.sh has put the official SDKs");
  app.add_option("--report", flags.report, "where to write the report")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  SetDefaults(app, flags);
  RaiseDescriptorLimit();

  const absl::Status status = RunAll(flags, own_folder.string());
  if (status.ok()) return 0;
  std::cerr << "daytonad-bench: " << status.message() << '\n';
  return 1;
}

}  // namespace
}  // namespace daytonad::bench

int main(int argc, char** argv) { return daytonad::bench::Main(argc, argv); }
