#ifndef DAYTONAD_DAEMON_OPERATIONS_BASE_OBJECT_NAMES_H_
#define DAYTONAD_DAEMON_OPERATIONS_BASE_OBJECT_NAMES_H_

#include <memory>
#include <string>
#include <string_view>

#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad {

// The name of a sandbox without a given name, derived from its request id: every daemon derives the same one.
// `daytonad-`, then the first 32 hexadecimal digits of the id's SHA-256.
std::string NameFromRequestId(std::string_view request_id);

// A random request id for a create without one, so that it can be repeated safely.
std::string NewRequestId();

// Upstream renames deleted objects to free the name: "box" becomes "DESTROYED_box_1795875334646", a volume
// "data-deleted". These restore the name for callers that deleted or watched it.
void KeepName(v1::Sandbox& sandbox);
// The same for a shared object: most have kept their name.
std::shared_ptr<const v1::Sandbox> WithKeptName(std::shared_ptr<const v1::Sandbox> sandbox);
bool IsRenamed(const v1::Sandbox& sandbox);
void KeepName(v1::Snapshot& snapshot);
void KeepName(v1::Volume& volume);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BASE_OBJECT_NAMES_H_
