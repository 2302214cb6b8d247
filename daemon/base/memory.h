#ifndef DAYTONAD_DAEMON_BASE_MEMORY_H_
#define DAYTONAD_DAEMON_BASE_MEMORY_H_

namespace daytonad {

// Returns the allocator's free memory to the kernel at once. The allocator does this on its own within seconds; call
// this when the memory is needed now. It takes milliseconds, so do not call it on the loop. Thread-safe.
void ReleaseFreeMemory();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_MEMORY_H_
