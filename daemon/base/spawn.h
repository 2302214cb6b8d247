#ifndef DAYTONAD_DAEMON_BASE_SPAWN_H_
#define DAYTONAD_DAEMON_BASE_SPAWN_H_

#include "daemon/base/task.h"

namespace daytonad {

// Starts a coroutine that nobody awaits. This is the one way to do so.
//
// Naively it would be started with asio::detached. Then an exception vanishes, and with it whatever the coroutine kept
// going: a connection is never made again, callers wait for a result that does not come. Tasks report failure as
// values, so an exception that leaves one is a defect, or memory has run out: it is logged, and the process ends, for a
// supervisor to start it again.
//
// On the loop the task begins within this call, up to where it first waits; from another thread, with the loop's next
// turn. A root in which Asio's own cancellation can arise (a parallel group) begins with throw_if_cancelled(false), or
// its clean-up may throw.
void Spawn(const Executor& executor, Task<void> task);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_SPAWN_H_
