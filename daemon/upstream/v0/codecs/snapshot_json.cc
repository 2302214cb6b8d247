#include "daemon/upstream/v0/codecs/snapshot_json.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/upstream/v0/codecs/build_json.h"
#include "daemon/upstream/v0/codecs/enum_text.h"
#include "daemon/upstream/v0/codecs/sandbox_json.h"

namespace daytonad {

absl::StatusOr<v1::Snapshot> ReadSnapshot(const Json& json) {
  const JsonFields fields(json);
  v1::Snapshot snapshot;
  snapshot.set_id(fields.String("id"));
  if (snapshot.id().empty()) return ForeignResponse("a snapshot has no `id`");
  snapshot.set_name(fields.String("name"));
  snapshot.set_view(v1::VIEW_FULL);
  snapshot.set_state_text(fields.String("state"));
  snapshot.set_state(SnapshotStateFromText(snapshot.state_text()));
  snapshot.set_error_reason(fields.String("errorReason"));
  snapshot.set_organization_id(fields.String("organizationId"));
  snapshot.set_general(fields.Bool("general"));
  snapshot.set_image_name(fields.String("imageName"));
  if (const Json* build = fields.Find("buildInfo")) *snapshot.mutable_build_info() = ReadBuildInfo(*build);
  for (std::string& part : fields.StringList("entrypoint")) snapshot.add_entrypoint(std::move(part));
  if (const auto size = fields.Number("size")) snapshot.set_size_gb(*size);
  snapshot.set_cpu(fields.Number("cpu").value_or(0));
  // Answers use `mem` where requests use `memory`.
  snapshot.set_memory_gib(fields.Number("mem").value_or(fields.Number("memory").value_or(0)));
  snapshot.set_disk_gib(fields.Number("disk").value_or(0));
  snapshot.set_gpu(fields.Number("gpu").value_or(0));
  snapshot.set_gpu_type_text(fields.String("gpuType"));
  snapshot.set_gpu_type(GpuTypeFromText(snapshot.gpu_type_text()));
  snapshot.set_sandbox_class_text(fields.String("sandboxClass"));
  snapshot.set_sandbox_class(SandboxClassFromText(snapshot.sandbox_class_text()));
  for (std::string& region : fields.StringList("regionIds")) snapshot.add_region_ids(std::move(region));
  snapshot.set_source_sandbox_id(fields.String("sourceSandboxId"));
  snapshot.set_initial_runner_id(fields.String("initialRunnerId"));
  snapshot.set_image_ref(fields.String("ref"));
  ReadTimestamp(fields, "createdAt", snapshot, &v1::Snapshot::mutable_created_at);
  ReadTimestamp(fields, "updatedAt", snapshot, &v1::Snapshot::mutable_updated_at);
  ReadTimestamp(fields, "lastUsedAt", snapshot, &v1::Snapshot::mutable_last_used_at);
  return snapshot;
}

absl::StatusOr<SnapshotPage> ReadSnapshotPage(const Json& json) {
  const Json* items = JsonFields(json).Find("items");
  if (items == nullptr || !items->is_array()) return ForeignResponse("a list of snapshots has no `items`");
  absl::StatusOr<std::vector<v1::Snapshot>> snapshots = ReadItems<v1::Snapshot>(*items, ReadSnapshot);
  if (!snapshots.ok()) return snapshots.status();
  SnapshotPage page;
  page.items = *std::move(snapshots);
  page.totals = ReadPageTotals(json);
  return page;
}

OrderedJson WriteNewSnapshot(const CreateSnapshot& snapshot, std::string_view default_region) {
  const v1::SnapshotSpec& spec = snapshot.spec;
  OrderedJson body = OrderedJson::object();
  body["name"] = spec.name();
  if (!snapshot.build.has_value()) {
    body["imageName"] = spec.image();
    // Upstream rejects an entrypoint together with a build; it is a line of the Dockerfile then.
    if (!spec.entrypoint().empty()) {
      body["entrypoint"] = std::vector<std::string>(spec.entrypoint().begin(), spec.entrypoint().end());
    }
  }
  WriteResources(spec.resources(), body);
  if (snapshot.build.has_value()) body["buildInfo"] = WriteImageBuild(*snapshot.build);
  const std::string region = spec.region_id().empty() ? std::string(default_region) : spec.region_id();
  if (!region.empty()) body["regionId"] = region;
  const std::string sandbox_class =
      spec.sandbox_class_text().empty() ? SandboxClassText(spec.sandbox_class()) : spec.sandbox_class_text();
  if (!sandbox_class.empty()) body["sandboxClass"] = sandbox_class;
  return body;
}

}  // namespace daytonad
