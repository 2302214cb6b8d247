#ifndef DAYTONAD_DAEMON_STATE_RESOLVING_API_H_
#define DAYTONAD_DAEMON_STATE_RESOLVING_API_H_

#include <memory>

#include "daemon/api/api.h"
#include "daemon/base/clock.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

// Replaces known names by ids, in every operation on an object that may be named (KeyForm). Deletions always go by id.
//
// Simply passing names on would be wrong. After a deletion by name, upstream answers every call by that name with
// NOT_FOUND for ten seconds, even if another object has the name by then; calls by id work. So this daemon never
// deletes by name. Other clients do, so a known name is always resolved here, and a NOT_FOUND for a name never drops
// the cached object.
//
// A cached name may be outdated: another object may have it by now. So the cached object must be fresh, or a read must
// confirm that it still has the name. If it is gone or was renamed, upstream is asked by name.
//
// A name that has the form of a UUID goes upstream as it is first: upstream tries the id before the name.
//
// The referred objects outlive the result.
std::unique_ptr<Api> MakeResolvingApi(Api& inner, ObjectCaches& caches, Clock& clock);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RESOLVING_API_H_
