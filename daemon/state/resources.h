#ifndef DAYTONAD_DAEMON_STATE_RESOURCES_H_
#define DAYTONAD_DAEMON_STATE_RESOURCES_H_

#include <google/protobuf/timestamp.pb.h>

#include "absl/status/status.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// What state/ needs to know about each kind of object.
namespace daytonad {

// Does the object's own state say that it was deleted?
bool IsGone(const v1::Sandbox& sandbox);
bool IsGone(const v1::Snapshot& snapshot);
bool IsGone(const v1::Volume& volume);

// Does its state say that it is being deleted?
bool IsDeleting(const v1::Sandbox& sandbox);
bool IsDeleting(const v1::Snapshot& snapshot);
bool IsDeleting(const v1::Volume& volume);

// The error that upstream gives for a read of a deleted object.
absl::Status GoneError(const v1::Sandbox& sandbox);
absl::Status GoneError(const v1::Snapshot& snapshot);
absl::Status GoneError(const v1::Volume& volume);

// Do both have the same state and desired state?
bool SameState(const v1::Sandbox& a, const v1::Sandbox& b);
bool SameState(const v1::Snapshot& a, const v1::Snapshot& b);
bool SameState(const v1::Volume& a, const v1::Volume& b);

// Is the `updated_at` of `a` later? False if either is missing.
bool LaterThan(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b);
template <typename T>
bool LaterThan(const T& a, const T& b) {
  return a.has_updated_at() && b.has_updated_at() && LaterThan(a.updated_at(), b.updated_at());
}

// Completes `seen`, which is newer, with cached fields: events and list items lack some.
void FillIn(v1::Sandbox& seen, const v1::Sandbox& known);
void FillIn(v1::Snapshot& seen, const v1::Snapshot& known);
void FillIn(v1::Volume& seen, const v1::Volume& known);

// Gives a list item the state of the cached object, and the fields that depend on it: a deletion changes the name.
void TakeState(v1::Sandbox& item, const v1::Sandbox& known);
void TakeState(v1::Snapshot& item, const v1::Snapshot& known);
void TakeState(v1::Volume& item, const v1::Volume& known);

// Sets the state that upstream gives an object when it accepts the deletion.
void MarkDeleting(v1::Sandbox& sandbox);
void MarkDeleting(v1::Snapshot& snapshot);
void MarkDeleting(v1::Volume& volume);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RESOURCES_H_
