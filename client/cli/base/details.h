#ifndef DAYTONAD_CLIENT_CLI_BASE_DETAILS_H_
#define DAYTONAD_CLIENT_CLI_BASE_DETAILS_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/timestamp.pb.h>

#include "client/cli/base/table.h"

namespace daytonad::cli {

// "2026-01-31 12:00:00Z"; empty if it is not set.
std::string TimeText(bool is_set, const google::protobuf::Timestamp& timestamp);

// "1", "0.5"
std::string NumberText(double value);

// "a, b"
std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& parts);

// "1 CPU, 2 GiB memory, 3 GiB disk, 1 GPU H100", the GPUs only if there are any.
std::string ResourcesText(double cpu, double memory_gib, double disk_gib, double gpu, const std::string& gpu_type);

// "key=value" for each entry of a map, sorted.
template <typename Map>
std::vector<std::string> SortedPairs(const Map& map) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : map) pairs.push_back(std::string(key).append("=").append(value));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

template <typename Resource>
std::vector<std::string> Names(const google::protobuf::RepeatedPtrField<Resource>& resources) {
  std::vector<std::string> names;
  for (const Resource& resource : resources) names.push_back(resource.name());
  return names;
}

// The lines "Title:  value" of one object. A line without a value is left out.
class Details {
 public:
  void Add(const char* title, std::string value) {
    if (!value.empty()) table_.AddRow({std::string(title) + ":", std::move(value)});
  }

  // `zero` is what 0 means; a negative number means never.
  void AddMinutes(const char* title, bool is_set, int minutes, const char* zero) {
    if (is_set) Add(title, minutes > 0 ? std::to_string(minutes) + " min" : minutes < 0 ? "never" : zero);
  }

  Table Take() { return std::move(table_); }

 private:
  Table table_;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_DETAILS_H_
