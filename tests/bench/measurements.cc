#include "tests/bench/measurements.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace daytonad::bench {
namespace {

constexpr int kStarts = 5;

// The figures of a load that medians and ratios are taken of.
constexpr double LoadResult::*kFigures[] = {&LoadResult::p50_us, &LoadResult::p99_us, &LoadResult::calls_per_second,
                                            &LoadResult::cpu_us_per_call};

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.50); }

// Figure by figure, so of different rounds perhaps; all calls are counted.
LoadResult Median(const std::vector<LoadResult>& rounds) {
  LoadResult median;
  for (const LoadResult& round : rounds) median.calls += round.calls;
  for (const auto figure : kFigures) {
    std::vector<double> values;
    values.reserve(rounds.size());
    for (const LoadResult& round : rounds) values.push_back(round.*figure);
    median.*figure = Median(std::move(values));
  }
  return median;
}

LoadResult Ratio(const LoadResult& daemon, const LoadResult& floor) {
  LoadResult ratio;
  for (const auto figure : kFigures) ratio.*figure = daemon.*figure / floor.*figure;
  return ratio;
}

double Milliseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

class Bench {
 public:
  Bench(Subjects& subjects, const MeasurementOptions& options) : subjects_(subjects), options_(options) {}

  absl::StatusOr<Measurements> Run() {
    out_.daemon_resident_idle_kib = subjects_.server(Subject::kDaemon).resident_kib();
    if (absl::Status status = MeasureStarts(); !status.ok()) return status;
    for (const size_t callers : options_.callers) {
      if (absl::Status status = MeasureUncachedReads(callers); !status.ok()) return status;
      out_.daemon_resident_loaded_kib =
          std::max(out_.daemon_resident_loaded_kib, subjects_.server(Subject::kDaemon).resident_kib());
    }
    return std::move(out_);
  }

 private:
  absl::Status MeasureStarts() {
    std::vector<double> floor_ms;
    std::vector<double> daemon_ms;
    for (int i = 0; i < kStarts; ++i) {
      const absl::StatusOr<std::chrono::nanoseconds> floor = subjects_.MeasureStart(Subject::kFloor);
      if (!floor.ok()) return floor.status();
      const absl::StatusOr<std::chrono::nanoseconds> daemon = subjects_.MeasureStart(Subject::kDaemon);
      if (!daemon.ok()) return daemon.status();
      floor_ms.push_back(Milliseconds(*floor));
      daemon_ms.push_back(Milliseconds(*daemon));
    }
    out_.floor_start_ms = Median(std::move(floor_ms));
    out_.daemon_start_ms = Median(std::move(daemon_ms));
    AddBar("start to SERVING over floor", out_.daemon_start_ms / out_.floor_start_ms, 2.0);
    return absl::OkStatus();
  }

  absl::Status MeasureUncachedReads(size_t callers) {
    std::vector<LoadResult> floors;
    std::vector<LoadResult> daemons;
    std::vector<LoadResult> ratios;
    std::vector<double> curls_us;
    std::vector<double> over_curl;
    for (int i = 0; i < options_.rounds; ++i) {
      const absl::StatusOr<LoadResult> floor = Load(Subject::kFloor, callers);
      if (!floor.ok()) return floor.status();
      const absl::StatusOr<LoadResult> daemon = UncachedLoad(callers);
      if (!daemon.ok()) return daemon.status();
      floors.push_back(*floor);
      daemons.push_back(*daemon);
      ratios.push_back(Ratio(*daemon, *floor));
      if (callers != 1) continue;
      const absl::StatusOr<double> curl_us =
          subjects_.upstream().MeasureGetSandbox(subjects_.sandboxes().front(), RoundTime() / 2);
      if (!curl_us.ok()) return curl_us.status();
      curls_us.push_back(*curl_us);
      over_curl.push_back(daemon->p50_us / (*curl_us + floor->p50_us));
    }
    const LoadResult ratio = Median(ratios);
    out_.points.push_back({"uncached read", callers, Median(floors), Median(daemons), ratio});
    if (callers == 1) {
      out_.curl_p50_us = Median(std::move(curls_us));
      AddBar("uncached read, 1 caller: p50 over a curl call plus a floor call", Median(std::move(over_curl)), 2.2);
    }
    if (callers == 16) AddBar("uncached read, 16 callers: CPU per call over floor", ratio.cpu_us_per_call, 5.0);
    return absl::OkStatus();
  }

  absl::StatusOr<LoadResult> Load(Subject subject, size_t callers) {
    const std::vector<std::string>& sandboxes = subjects_.sandboxes();
    LoadOptions load;
    load.address = subjects_.address(subject);
    load.sandboxes.assign(sandboxes.begin(), sandboxes.begin() + static_cast<std::ptrdiff_t>(callers));
    load.warm_up = RoundTime() / 5;
    load.measured = RoundTime();
    load.server_cpu = [&server = subjects_.server(subject)] { return server.cpu_time(); };
    return RunLoad(load);
  }

  // Fails, too, if the daemon answered by itself: then the figures would be those of something else.
  absl::StatusOr<LoadResult> UncachedLoad(size_t callers) {
    const absl::StatusOr<std::uint64_t> before = subjects_.upstream().RequestCount();
    if (!before.ok()) return before.status();
    absl::StatusOr<LoadResult> load = Load(Subject::kDaemon, callers);
    if (!load.ok()) return load.status();
    const absl::StatusOr<std::uint64_t> after = subjects_.upstream().RequestCount();
    if (!after.ok()) return after.status();
    if (*after - *before < load->calls) {
      return absl::InternalError(
          absl::StrCat(load->calls, " uncached reads made only ", *after - *before, " requests to the emulator"));
    }
    return load;
  }

  void AddBar(std::string name, double value, double limit) {
    out_.bars.push_back({std::move(name), value, limit, "ratio"});
  }

  std::chrono::nanoseconds RoundTime() const { return options_.per_point / options_.rounds; }

  Subjects& subjects_;
  const MeasurementOptions& options_;
  Measurements out_;
};

}  // namespace

absl::StatusOr<Measurements> Measure(Subjects& subjects, const MeasurementOptions& options) {
  return Bench(subjects, options).Run();
}

}  // namespace daytonad::bench
