#include "daemon/base/memory.h"

#include <malloc.h>

#include <cstddef>

// jemalloc's, in the programs that have it; tests and builds with a sanitizer have not.
extern "C" [[gnu::weak]] int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value,
                                     size_t new_size);

namespace daytonad {

void ReleaseFreeMemory() {
  if (mallctl == nullptr) {
    ::malloc_trim(0);
    return;
  }
  // What this thread has set aside for itself; other threads give theirs back as they go on.
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  // 4096 stands for all arenas (MALLCTL_ARENAS_ALL).
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

}  // namespace daytonad
