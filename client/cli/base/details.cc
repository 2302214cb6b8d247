#include "client/cli/base/details.h"

#include <cstdio>
#include <ctime>
#include <string>

#include "absl/strings/str_join.h"

namespace daytonad::cli {

std::string TimeText(bool is_set, const google::protobuf::Timestamp& timestamp) {
  if (!is_set) return "";
  const std::time_t seconds = timestamp.seconds();
  std::tm utc{};
  char text[32];
  if (gmtime_r(&seconds, &utc) == nullptr || std::strftime(text, sizeof(text), "%F %TZ", &utc) == 0) return "?";
  return text;
}

std::string NumberText(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& parts) { return absl::StrJoin(parts, ", "); }

std::string ResourcesText(double cpu, double memory_gib, double disk_gib, double gpu, const std::string& gpu_type) {
  std::string text =
      NumberText(cpu) + " CPU, " + NumberText(memory_gib) + " GiB memory, " + NumberText(disk_gib) + " GiB disk";
  if (gpu > 0) text += ", " + NumberText(gpu) + " GPU " + gpu_type;
  return text;
}

}  // namespace daytonad::cli
