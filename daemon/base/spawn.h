#ifndef DAYTONAD_DAEMON_BASE_SPAWN_H_
#define DAYTONAD_DAEMON_BASE_SPAWN_H_

#include "daemon/base/task.h"

namespace daytonad {

// Starts a coroutine that nobody awaits. This is the only way to do so.
//
// With asio::detached an exception would vanish together with the coroutine's work: a connection is never
// re-established, callers wait for a result that never comes. Tasks report failures as values, so an exception means a
// bug or exhausted memory: it is logged, and the process ends, for a supervisor to restart it.
//
// On the loop thread the task runs within this call until its first wait; from another thread, it starts on the loop's
// next iteration. A root coroutine in which Asio's own cancellation can occur (a parallel group) must begin with
// throw_if_cancelled(false), or its clean-up may throw.
void Spawn(const Executor& executor, Task<void> task);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_SPAWN_H_
