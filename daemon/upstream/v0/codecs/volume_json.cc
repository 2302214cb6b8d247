#include "daemon/upstream/v0/codecs/volume_json.h"

#include <utility>

#include "daemon/upstream/v0/codecs/enum_text.h"

namespace daytonad {

absl::StatusOr<v1::Volume> ReadVolume(const Json& json) {
  const JsonFields fields(json);
  v1::Volume volume;
  volume.set_id(fields.String("id"));
  if (volume.id().empty()) return ForeignResponse("a volume has no `id`");
  volume.set_name(fields.String("name"));
  volume.set_view(v1::VIEW_FULL);
  volume.set_state_text(fields.String("state"));
  volume.set_state(VolumeStateFromText(volume.state_text()));
  volume.set_error_reason(fields.String("errorReason"));
  volume.set_organization_id(fields.String("organizationId"));
  ReadTimestamp(fields, "createdAt", volume, &v1::Volume::mutable_created_at);
  ReadTimestamp(fields, "updatedAt", volume, &v1::Volume::mutable_updated_at);
  ReadTimestamp(fields, "lastUsedAt", volume, &v1::Volume::mutable_last_used_at);
  return volume;
}

absl::StatusOr<std::vector<v1::Volume>> ReadVolumes(const Json& json) {
  if (!json.is_array()) return ForeignResponse("the list of volumes is no array");
  return ReadItems<v1::Volume>(json, ReadVolume);
}

}  // namespace daytonad
