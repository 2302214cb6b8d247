#include "daemon/base/memory.h"

#include <malloc.h>

#include <cstddef>

// jemalloc's function, in programs that link it; tests and sanitizer builds do not.
extern "C" [[gnu::weak]] int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value,
                                     size_t new_size);

namespace daytonad {

void ReleaseFreeMemory() {
  if (mallctl == nullptr) {
    ::malloc_trim(0);
    return;
  }
  // This thread's cache; other threads return theirs as they run.
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  // 4096 stands for all arenas (MALLCTL_ARENAS_ALL).
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

}  // namespace daytonad
