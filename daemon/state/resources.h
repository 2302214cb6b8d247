#ifndef DAYTONAD_DAEMON_STATE_RESOURCES_H_
#define DAYTONAD_DAEMON_STATE_RESOURCES_H_

#include <google/protobuf/timestamp.pb.h>

#include "absl/status/status.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// What state/ has to know of each kind of object.
namespace daytonad {

// Does the object itself say that it exists no more?
bool IsGone(const v1::Sandbox& sandbox);
bool IsGone(const v1::Snapshot& snapshot);
bool IsGone(const v1::Volume& volume);

// Does it say that it will be gone soon?
bool IsDeleting(const v1::Sandbox& sandbox);
bool IsDeleting(const v1::Snapshot& snapshot);
bool IsDeleting(const v1::Volume& volume);

// The error of a look at something that is gone, as upstream gives it.
absl::Status GoneError(const v1::Sandbox& sandbox);
absl::Status GoneError(const v1::Snapshot& snapshot);
absl::Status GoneError(const v1::Volume& volume);

// Do both show the same state, the desired one included?
bool SameState(const v1::Sandbox& a, const v1::Sandbox& b);
bool SameState(const v1::Snapshot& a, const v1::Snapshot& b);
bool SameState(const v1::Volume& a, const v1::Volume& b);

// Was `a` last changed later than `b`, by upstream's clocks? No if one of them does not say.
bool LaterThan(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b);
template <typename T>
bool LaterThan(const T& a, const T& b) {
  return a.has_updated_at() && b.has_updated_at() && LaterThan(a.updated_at(), b.updated_at());
}

// Completes `seen`, which is newer, from what was known: an event leaves a little out, an item of a list a lot.
void FillIn(v1::Sandbox& seen, const v1::Sandbox& known);
void FillIn(v1::Snapshot& seen, const v1::Snapshot& known);
void FillIn(v1::Volume& seen, const v1::Volume& known);

// Gives an item of a list the state of what is known better, and what goes with it: a deletion changes the name.
void TakeState(v1::Sandbox& item, const v1::Sandbox& known);
void TakeState(v1::Snapshot& item, const v1::Snapshot& known);
void TakeState(v1::Volume& item, const v1::Volume& known);

// What upstream makes of an object when it accepts its deletion.
void MarkDeleting(v1::Sandbox& sandbox);
void MarkDeleting(v1::Snapshot& snapshot);
void MarkDeleting(v1::Volume& volume);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RESOURCES_H_
