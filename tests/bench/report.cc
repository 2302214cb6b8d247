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
  if (measurements.curl_p50_us.has_value()) {
    absl::StrAppendFormat(&out, "a bare curl call to the emulator, p50: %.0f us\n", *measurements.curl_p50_us);
  }
  absl::StrAppendFormat(&out, "start to SERVING: floor %.1f ms, daytonad %.1f ms\n", measurements.floor_start_ms,
                        measurements.daemon_start_ms);
  absl::StrAppendFormat(&out, "daytonad resident: %.1f MiB idle, %.1f MiB after the load\n",
                        static_cast<double>(measurements.daemon_resident_idle_kib) / 1024,
                        static_cast<double>(measurements.daemon_resident_loaded_kib) / 1024);
  absl::StrAppend(&out, "bars\n");
  for (const Bar& bar : measurements.bars) {
    absl::StrAppendFormat(&out, "  %-14s  %-64s  %6.2f of at most %.2f (%s)\n", bar.holds() ? "holds" : "DOES NOT HOLD",
                          bar.name, bar.value, bar.limit, bar.unit);
  }
  return out;
}

absl::Status WriteReport(const Measurements& measurements, const std::string& path) {
  Json points = Json::array();
  for (const Point& point : measurements.points) {
    points.push_back({{"name", point.name},
                      {"callers", point.callers},
                      {"floor", ServerJson(point.floor)},
                      {"daytonad", ServerJson(point.daemon)},
                      {"ratio", FiguresJson(point.ratio)}});
  }
  Json bars = Json::array();
  for (const Bar& bar : measurements.bars) {
    bars.push_back(
        {{"name", bar.name}, {"value", bar.value}, {"limit", bar.limit}, {"unit", bar.unit}, {"holds", bar.holds()}});
  }
  const Json report = {
      {"version", DAYTONAD_VERSION},
      {"date", absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())},
      {"machine", MachineFacts()},
      {"points", std::move(points)},
      {"curl_p50_us", measurements.curl_p50_us.has_value() ? Json(*measurements.curl_p50_us) : Json()},
      {"start_ms", {{"floor", measurements.floor_start_ms}, {"daytonad", measurements.daemon_start_ms}}},
      {"resident_kib",
       {{"idle", measurements.daemon_resident_idle_kib}, {"after_load", measurements.daemon_resident_loaded_kib}}},
      {"bars", std::move(bars)},
  };
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;  // the file below cannot be written then
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  std::ofstream file(path);
  file << report.dump(2) << '\n';
  file.close();
  if (file.fail()) return absl::InternalError(absl::StrCat("cannot write the report ", path));
  return absl::OkStatus();
}

}  // namespace daytonad::bench
