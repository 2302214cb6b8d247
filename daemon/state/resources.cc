#include "daemon/state/resources.h"

#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"

namespace daytonad {
namespace {

absl::Status NoMore(const char* kind, const std::string& id) {
  return AbsentError(kind, id, {{absl::StrCat(kind, "_id"), id}});
}

auto Order(const google::protobuf::Timestamp& time) { return std::make_tuple(time.seconds(), time.nanos()); }

}  // namespace

bool IsGone(const v1::Sandbox& sandbox) { return sandbox.state() == v1::SANDBOX_STATE_DESTROYED; }
bool IsGone(const v1::Snapshot&) { return false; }  // no state says so
bool IsGone(const v1::Volume& volume) { return volume.state() == v1::VOLUME_STATE_DELETED; }

bool IsDeleting(const v1::Sandbox& sandbox) {
  return sandbox.state() == v1::SANDBOX_STATE_DESTROYING ||
         sandbox.desired_state() == v1::SANDBOX_DESIRED_STATE_DESTROYED;
}
bool IsDeleting(const v1::Snapshot& snapshot) { return snapshot.state() == v1::SNAPSHOT_STATE_REMOVING; }
bool IsDeleting(const v1::Volume& volume) {
  return volume.state() == v1::VOLUME_STATE_PENDING_DELETE || volume.state() == v1::VOLUME_STATE_DELETING;
}

absl::Status GoneError(const v1::Sandbox& sandbox) { return NoMore("sandbox", sandbox.id()); }
absl::Status GoneError(const v1::Snapshot& snapshot) { return NoMore("snapshot", snapshot.id()); }
absl::Status GoneError(const v1::Volume& volume) { return NoMore("volume", volume.id()); }

bool SameState(const v1::Sandbox& a, const v1::Sandbox& b) {
  return a.state_text() == b.state_text() && a.desired_state_text() == b.desired_state_text();
}
bool SameState(const v1::Snapshot& a, const v1::Snapshot& b) { return a.state_text() == b.state_text(); }
bool SameState(const v1::Volume& a, const v1::Volume& b) { return a.state_text() == b.state_text(); }

bool LaterThan(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return Order(a) > Order(b);
}

void FillIn(v1::Sandbox& seen, const v1::Sandbox& known) {
  if (!seen.has_build_info() && known.has_build_info()) *seen.mutable_build_info() = known.build_info();
  if (!seen.has_last_activity_at() && known.has_last_activity_at()) {
    *seen.mutable_last_activity_at() = known.last_activity_at();
  }
  if (seen.view() != v1::VIEW_BASIC || known.view() != v1::VIEW_FULL) return;
  *seen.mutable_env() = known.env();
  *seen.mutable_volumes() = known.volumes();
  seen.set_network_block_all(known.network_block_all());
  *seen.mutable_network_allow_list() = known.network_allow_list();
  *seen.mutable_domain_allow_list() = known.domain_allow_list();
  seen.set_outbound_proxy_url(known.outbound_proxy_url());
  seen.set_linked_sandbox_id(known.linked_sandbox_id());
  if (known.has_backup_created_at()) *seen.mutable_backup_created_at() = known.backup_created_at();
  seen.set_view(v1::VIEW_FULL);
}

void FillIn(v1::Snapshot& seen, const v1::Snapshot& known) {
  if (!seen.has_build_info() && known.has_build_info()) *seen.mutable_build_info() = known.build_info();
  if (seen.initial_runner_id().empty()) seen.set_initial_runner_id(known.initial_runner_id());
  if (seen.image_ref().empty()) seen.set_image_ref(known.image_ref());
}

void FillIn(v1::Volume&, const v1::Volume&) {}

void TakeState(v1::Sandbox& item, const v1::Sandbox& known) {
  item.set_name(known.name());
  item.set_state(known.state());
  item.set_state_text(known.state_text());
  item.set_desired_state(known.desired_state());
  item.set_desired_state_text(known.desired_state_text());
  item.set_error_reason(known.error_reason());
  item.set_recoverable(known.recoverable());
  if (known.has_updated_at()) *item.mutable_updated_at() = known.updated_at();
}

void TakeState(v1::Snapshot& item, const v1::Snapshot& known) {
  item.set_state(known.state());
  item.set_state_text(known.state_text());
  item.set_error_reason(known.error_reason());
  if (known.has_updated_at()) *item.mutable_updated_at() = known.updated_at();
}

void TakeState(v1::Volume& item, const v1::Volume& known) {
  item.set_name(known.name());
  item.set_state(known.state());
  item.set_state_text(known.state_text());
  item.set_error_reason(known.error_reason());
  if (known.has_updated_at()) *item.mutable_updated_at() = known.updated_at();
}

void MarkDeleting(v1::Sandbox& sandbox) {
  sandbox.set_state(v1::SANDBOX_STATE_DESTROYING);
  sandbox.set_state_text("destroying");
  sandbox.set_desired_state(v1::SANDBOX_DESIRED_STATE_DESTROYED);
  sandbox.set_desired_state_text("destroyed");
}

void MarkDeleting(v1::Snapshot& snapshot) {
  snapshot.set_state(v1::SNAPSHOT_STATE_REMOVING);
  snapshot.set_state_text("removing");
}

void MarkDeleting(v1::Volume& volume) {
  volume.set_state(v1::VOLUME_STATE_PENDING_DELETE);
  volume.set_state_text("pending_delete");
}

}  // namespace daytonad
