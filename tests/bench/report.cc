#include "tests/bench/report.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace daytonad::bench {
namespace {

using Json = nlohmann::ordered_json;

std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    absl::string_view text(line);
    if (absl::ConsumePrefix(&text, "model name")) return std::string(text.substr(text.find(':') + 2));
  }
  return "unknown";
}

Json MachineFacts() {
  utsname system{};
  ::uname(&system);
  double load = 0;
  ::getloadavg(&load, 1);
  return {{"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}, {"model", CpuModel()},
          {"architecture", system.machine},           {"kernel", absl::StrCat(system.sysname, " ", system.release)},
#ifdef __clang__
          {"compiler", "clang " __clang_version__},
#else
          {"compiler", "g++ " __VERSION__},
#endif
          {"build_type", DAYTONAD_BUILD_TYPE},        {"load_average", load}};
}

Json FiguresJson(const LoadResult& result) {
  return {{"p50_us", result.p50_us},
          {"p99_us", result.p99_us},
          {"calls_per_second", result.calls_per_second},
          {"cpu_us_per_call", result.cpu_us_per_call}};
}

Json ServerJson(const LoadResult& result) {
  Json json = FiguresJson(result);
  json["calls"] = result.calls;
  return json;
}

std::string Row(absl::string_view server, const LoadResult& figures, absl::string_view note) {
  return absl::StrFormat("  %7s  %-8s  %9.0f  %9.0f  %9.0f  %11.1f\n", note, server, figures.p50_us, figures.p99_us,
                         figures.calls_per_second, figures.cpu_us_per_call);
}

std::string RatioRow(const LoadResult& ratio) {
  return absl::StrFormat("  %7s  %-8s  %8.2fx  %8.2fx  %8.2fx  %10.2fx\n", "", "ratio", ratio.p50_us, ratio.p99_us,
                         ratio.calls_per_second, ratio.cpu_us_per_call);
}

}  // namespace

std::string Table(const Measurements& measurements) {
  std::string out;
  std::string title;
  for (const Point& point : measurements.points) {
    if (title != point.name) {
      title = point.name;
      absl::StrAppend(&out, title, "\n");
      absl::StrAppendFormat(&out, "  %7s  %-8s  %9s  %9s  %9s  %11s\n", "callers", "server", "p50 us", "p99 us",
                            "calls/s", "CPU us/call");
    }
    absl::StrAppend(&out, Row("floor", point.floor, absl::StrCat(point.callers)), Row("daytonad", point.daemon, ""),
                    RatioRow(point.ratio));
  }
  title.clear();
  for (const Figure& figure : measurements.figures) {
    if (title != figure.scenario) {
      title = figure.scenario;
      absl::StrAppend(&out, title, "\n");
    }
    absl::StrAppendFormat(&out, "  %-56s  %10.2f %s\n", figure.name, figure.value, figure.unit);
  }
  absl::StrAppend(&out, "bars\n");
  for (const Bar& bar : measurements.bars) {
    if (!bar.run) {
      absl::StrAppendFormat(&out, "  %-13s  %s\n", "not run", bar.name);
      continue;
    }
    absl::StrAppendFormat(&out, "  %-13s  %-72s  %8.2f of at most %.2f %s\n", bar.holds() ? "holds" : "DOES NOT HOLD",
                          bar.name, bar.value, bar.limit, bar.unit);
  }
  for (const Failure& failure : measurements.failures) {
    absl::StrAppend(&out, "FAILED  ", failure.scenario, ": ", failure.message, "\n");
  }
  return out;
}

absl::Status WriteReport(const Measurements& measurements, const std::string& daemon, const std::string& path) {
  Json points = Json::array();
  for (const Point& point : measurements.points) {
    points.push_back({{"name", point.name},
                      {"callers", point.callers},
                      {"floor", ServerJson(point.floor)},
                      {"daytonad", ServerJson(point.daemon)},
                      {"ratio", FiguresJson(point.ratio)}});
  }
  Json figures = Json::array();
  for (const Figure& figure : measurements.figures) {
    figures.push_back(
        {{"scenario", figure.scenario}, {"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}});
  }
  Json bars = Json::array();
  for (const Bar& bar : measurements.bars) {
    Json json = {{"name", bar.name}, {"limit", bar.limit}, {"unit", bar.unit}, {"run", bar.run}};
    json["value"] = bar.run ? Json(bar.value) : Json();
    json["holds"] = bar.run ? Json(bar.holds()) : Json();
    bars.push_back(std::move(json));
  }
  Json failures = Json::array();
  for (const Failure& failure : measurements.failures) {
    failures.push_back({{"scenario", failure.scenario}, {"message", failure.message}});
  }
  const Json report = {
      {"version", DAYTONAD_VERSION}, {"date", absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())},
      {"machine", MachineFacts()},   {"daemon", daemon},
      {"points", std::move(points)}, {"figures", std::move(figures)},
      {"bars", std::move(bars)},     {"failures", std::move(failures)},
  };
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;  // then writing the file below fails
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  std::ofstream file(path);
  file << report.dump(2) << '\n';
  file.close();
  if (file.fail()) return absl::InternalError(absl::StrCat("cannot write the report ", path));
  return absl::OkStatus();
}

}  // namespace daytonad::bench
