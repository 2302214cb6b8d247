#include "daemon/upstream/v0/codecs/build_json.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include "daemon/upstream/v0/codecs/enum_text.h"

namespace daytonad {

v1::BuildInfo ReadBuildInfo(const Json& json) {
  const JsonFields fields(json);
  v1::BuildInfo info;
  info.set_dockerfile_content(fields.String("dockerfileContent"));
  for (std::string& hash : fields.StringList("contextHashes")) info.add_context_hashes(std::move(hash));
  info.set_snapshot_ref(fields.String("snapshotRef"));
  ReadTimestamp(fields, "createdAt", info, &v1::BuildInfo::mutable_created_at);
  ReadTimestamp(fields, "updatedAt", info, &v1::BuildInfo::mutable_updated_at);
  return info;
}

OrderedJson WriteImageBuild(const ImageBuild& build) {
  OrderedJson json = OrderedJson::object();
  json["dockerfileContent"] = build.dockerfile;
  if (build.context_hashes.has_value()) json["contextHashes"] = *build.context_hashes;
  return json;
}

OrderedJson WriteNumber(double number) {
  constexpr double kLargestExact = 1e15;
  const bool whole = std::abs(number) <= kLargestExact && number == std::trunc(number);
  return whole ? OrderedJson(static_cast<int64_t>(number)) : OrderedJson(number);
}

void WriteResources(const v1::Resources& resources, OrderedJson& body) {
  OrderedJson gpu_types = OrderedJson::array();
  for (const int gpu_type : resources.gpu_types()) gpu_types.push_back(GpuTypeText(static_cast<v1::GpuType>(gpu_type)));
  for (const std::string& text : resources.gpu_type_texts()) gpu_types.push_back(text);

  if (resources.has_cpu()) body["cpu"] = WriteNumber(resources.cpu());
  if (resources.has_gpu()) body["gpu"] = resources.gpu();
  if (!gpu_types.empty()) body["gpuType"] = std::move(gpu_types);
  if (resources.has_memory_gib()) body["memory"] = WriteNumber(resources.memory_gib());
  if (resources.has_disk_gib()) body["disk"] = WriteNumber(resources.disk_gib());
}

}  // namespace daytonad
