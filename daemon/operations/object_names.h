#ifndef DAYTONAD_DAEMON_OPERATIONS_OBJECT_NAMES_H_
#define DAYTONAD_DAEMON_OPERATIONS_OBJECT_NAMES_H_

#include <memory>
#include <string>
#include <string_view>

#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad {

// The name of a sandbox that was given none, but a request id: every daemon comes to the same one, and nobody else
// does. `daytonad-`, then the first 32 hexadecimal digits of the id's SHA-256.
std::string NameFromRequestId(std::string_view request_id);

// For a create that has none, so that it can be asked for again all the same.
std::string NewRequestId();

// Upstream renames what it deletes, to have the name free: "box" is "DESTROYED_box_1795875334646" then, a volume
// "data-deleted". Who deleted it, or watched it go, is told the name that it had.
void KeepName(v1::Sandbox& sandbox);
// The same for one that others hold, too: most have kept it.
std::shared_ptr<const v1::Sandbox> WithKeptName(std::shared_ptr<const v1::Sandbox> sandbox);
bool IsRenamed(const v1::Sandbox& sandbox);
void KeepName(v1::Snapshot& snapshot);
void KeepName(v1::Volume& volume);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_OBJECT_NAMES_H_
