#include "daemon/operations/base/object_names.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/ids.h"

namespace daytonad {
namespace {

constexpr char kPrefix[] = "daytonad-";
constexpr std::string_view kDeletedSandbox = "DESTROYED_";
constexpr std::string_view kDeletedVolume = "-deleted";

bool IsLeaving(const v1::Sandbox& sandbox) {
  return sandbox.state() == v1::SANDBOX_STATE_DESTROYED || sandbox.state() == v1::SANDBOX_STATE_DESTROYING ||
         sandbox.desired_state() == v1::SANDBOX_DESIRED_STATE_DESTROYED;
}

// Empty if it was not renamed.
std::string_view NameBefore(const v1::Sandbox& sandbox) {
  const std::string_view name = sandbox.name();
  if (!IsLeaving(sandbox) || !name.starts_with(kDeletedSandbox)) return {};
  const size_t end = name.rfind('_');
  const bool has_time = end > kDeletedSandbox.size() && end + 1 < name.size() &&
                        name.find_first_not_of("0123456789", end + 1) == std::string_view::npos;
  return has_time ? name.substr(kDeletedSandbox.size(), end - kDeletedSandbox.size()) : std::string_view();
}

}  // namespace

std::string NameFromRequestId(std::string_view request_id) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(request_id.data()), request_id.size(), digest);
  return absl::StrCat(kPrefix, absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), 16)));
}

std::string NewRequestId() { return absl::StrCat(NewCallId(), NewCallId()); }

void KeepName(v1::Sandbox& sandbox) {
  if (IsRenamed(sandbox)) sandbox.set_name(std::string(NameBefore(sandbox)));
}

std::shared_ptr<const v1::Sandbox> WithKeptName(std::shared_ptr<const v1::Sandbox> sandbox) {
  if (!IsRenamed(*sandbox)) return sandbox;
  auto kept = std::make_shared<v1::Sandbox>(*sandbox);
  KeepName(*kept);
  return kept;
}

bool IsRenamed(const v1::Sandbox& sandbox) { return !NameBefore(sandbox).empty(); }

void KeepName(v1::Snapshot&) {}  // keeps its name to the end

void KeepName(v1::Volume& volume) {
  const std::string_view name = volume.name();
  if (volume.state() != v1::VOLUME_STATE_DELETED || !name.ends_with(kDeletedVolume)) return;
  volume.set_name(std::string(name.substr(0, name.size() - kDeletedVolume.size())));
}

}  // namespace daytonad
