#ifndef DAYTONAD_DAEMON_BASE_MEMORY_H_
#define DAYTONAD_DAEMON_BASE_MEMORY_H_

namespace daytonad {

// Gives what the allocator keeps for later back to the kernel, at once. The allocator does so by itself within seconds:
// this is for who must have the memory now. It takes milliseconds, so not on the loop. Thread-safe.
void ReleaseFreeMemory();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_MEMORY_H_
