#include "daemon/upstream/v0/codecs/enum_text.h"

#include "absl/strings/ascii.h"

namespace daytonad {
namespace {

std::string Replaced(std::string text, char from, char to) {
  for (char& c : text) {
    if (c == from) c = to;
  }
  return text;
}

// "linux-vm" to SANDBOX_CLASS_LINUX_VM.
template <typename Enum>
Enum FromText(bool (*parse)(const std::string&, Enum*), std::string_view prefix, std::string_view text) {
  const std::string name = std::string(prefix) + absl::AsciiStrToUpper(Replaced(std::string(text), '-', '_'));
  Enum value{};
  return parse(name, &value) ? value : Enum{};
}

// SANDBOX_CLASS_LINUX_VM to "LINUX_VM"; the first value, _UNSPECIFIED, and unknown numbers to "".
template <typename Enum>
std::string BareName(const std::string& (*name_of)(Enum), std::string_view prefix, Enum value) {
  if (value == Enum{}) return "";
  const std::string& name = name_of(value);
  return name.size() <= prefix.size() ? "" : name.substr(prefix.size());
}

// The generated functions, as plain functions of one type: protoc's own are overloaded or templates.
#define DAYTONAD_ENUM_NAME(Type) +[](v1::Type value) -> const std::string& { return v1::Type##_Name(value); }
#define DAYTONAD_ENUM_PARSE(Type) \
  +[](const std::string& name, v1::Type* value) { return v1::Type##_Parse(name, value); }

}  // namespace

v1::SandboxState SandboxStateFromText(std::string_view text) {
  return FromText(DAYTONAD_ENUM_PARSE(SandboxState), "SANDBOX_STATE_", text);
}

v1::SandboxDesiredState SandboxDesiredStateFromText(std::string_view text) {
  return FromText(DAYTONAD_ENUM_PARSE(SandboxDesiredState), "SANDBOX_DESIRED_STATE_", text);
}

v1::BackupState BackupStateFromText(std::string_view text) {
  // The only text that upstream writes in camel case.
  if (text == "InProgress") return v1::BACKUP_STATE_IN_PROGRESS;
  return FromText(DAYTONAD_ENUM_PARSE(BackupState), "BACKUP_STATE_", text);
}

v1::SandboxClass SandboxClassFromText(std::string_view text) {
  return FromText(DAYTONAD_ENUM_PARSE(SandboxClass), "SANDBOX_CLASS_", text);
}

v1::GpuType GpuTypeFromText(std::string_view text) { return FromText(DAYTONAD_ENUM_PARSE(GpuType), "GPU_TYPE_", text); }

v1::SnapshotState SnapshotStateFromText(std::string_view text) {
  return FromText(DAYTONAD_ENUM_PARSE(SnapshotState), "SNAPSHOT_STATE_", text);
}

v1::VolumeState VolumeStateFromText(std::string_view text) {
  return FromText(DAYTONAD_ENUM_PARSE(VolumeState), "VOLUME_STATE_", text);
}

std::string SandboxStateText(v1::SandboxState state) {
  return absl::AsciiStrToLower(BareName(DAYTONAD_ENUM_NAME(SandboxState), "SANDBOX_STATE_", state));
}

std::string SandboxClassText(v1::SandboxClass sandbox_class) {
  return Replaced(absl::AsciiStrToLower(BareName(DAYTONAD_ENUM_NAME(SandboxClass), "SANDBOX_CLASS_", sandbox_class)),
                  '_', '-');
}

std::string GpuTypeText(v1::GpuType gpu_type) {
  return Replaced(BareName(DAYTONAD_ENUM_NAME(GpuType), "GPU_TYPE_", gpu_type), '_', '-');
}

std::string SandboxSortText(v1::SandboxSortField field) {
  switch (field) {
    case v1::SANDBOX_SORT_FIELD_NAME:
      return "name";
    case v1::SANDBOX_SORT_FIELD_CPU:
      return "cpu";
    case v1::SANDBOX_SORT_FIELD_MEMORY_GIB:
      return "memoryGib";
    case v1::SANDBOX_SORT_FIELD_DISK_GIB:
      return "diskGib";
    case v1::SANDBOX_SORT_FIELD_LAST_ACTIVITY_AT:
      return "lastActivityAt";
    case v1::SANDBOX_SORT_FIELD_CREATED_AT:
      return "createdAt";
    case v1::SANDBOX_SORT_FIELD_ID:
      return "id";
    case v1::SANDBOX_SORT_FIELD_STATE:
      return "state";
    case v1::SANDBOX_SORT_FIELD_SNAPSHOT:
      return "snapshot";
    case v1::SANDBOX_SORT_FIELD_TARGET:
      return "region";
    case v1::SANDBOX_SORT_FIELD_UPDATED_AT:
      return "updatedAt";
    default:
      return "";
  }
}

std::string SnapshotSortText(v1::SnapshotSortField field) {
  switch (field) {
    case v1::SNAPSHOT_SORT_FIELD_NAME:
      return "name";
    case v1::SNAPSHOT_SORT_FIELD_STATE:
      return "state";
    case v1::SNAPSHOT_SORT_FIELD_LAST_USED_AT:
      return "lastUsedAt";
    case v1::SNAPSHOT_SORT_FIELD_CREATED_AT:
      return "createdAt";
    default:
      return "";
  }
}

std::string SortOrderText(v1::SortOrder order) {
  switch (order) {
    case v1::SORT_ORDER_ASC:
      return "asc";
    case v1::SORT_ORDER_DESC:
      return "desc";
    default:
      return "";
  }
}

}  // namespace daytonad
