#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_ENUM_TEXT_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_ENUM_TEXT_H_

#include <string>
#include <string_view>

#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// Converts the contract's enums from and to upstream's texts. The contract's values are named after upstream's
// ("pending_build" is SANDBOX_STATE_PENDING_BUILD, "linux-vm" is SANDBOX_CLASS_LINUX_VM), so no table is needed.
//
// Parsing an unknown text gives _UNSPECIFIED. Formatting gives "" for _UNSPECIFIED and unknown numbers.
namespace daytonad {

v1::SandboxState SandboxStateFromText(std::string_view text);
v1::SandboxDesiredState SandboxDesiredStateFromText(std::string_view text);
v1::BackupState BackupStateFromText(std::string_view text);
v1::SandboxClass SandboxClassFromText(std::string_view text);
v1::GpuType GpuTypeFromText(std::string_view text);
v1::SnapshotState SnapshotStateFromText(std::string_view text);
v1::VolumeState VolumeStateFromText(std::string_view text);

std::string SandboxStateText(v1::SandboxState state);
std::string SandboxClassText(v1::SandboxClass sandbox_class);
std::string GpuTypeText(v1::GpuType gpu_type);

// For a list's `sort` parameter. The numbered list of sandboxes says "region" where other lists say "target".
std::string SandboxSortText(v1::SandboxSortField field);
std::string SnapshotSortText(v1::SnapshotSortField field);
std::string SortOrderText(v1::SortOrder order);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_ENUM_TEXT_H_
