#include <cstddef>
#include <cstdlib>

// jemalloc's settings for the daemon, which it looks up under this name; MALLOC_CONF in the environment goes on top of
// them.
//
// jemalloc saves about a tenth of the CPU of a call, whose messages are made on one thread and freed on another. A
// sidecar's memory counts more than its peak rate: so there are two arenas however many cores the machine has, and what
// a burst of calls or a large upload leaves behind goes back to the kernel within seconds, by a thread of jemalloc's
// own, since an idle daemon allocates nothing that would make it look.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "narenas:2,background_thread:true,max_background_threads:1,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

// gRPC takes memory for what it reads without looking whether there was any, and would crash in the middle of its work.
// So where malloc() has none, the process ends in order, and says so (base/last_words.h). C++ code does not come this
// way: `new` throws.
extern "C" void* mallocx(size_t size, int flags);

#ifdef DAYTONAD_STATIC
extern "C" void* __wrap_malloc(size_t size) {  // NOLINT(bugprone-reserved-identifier): the linker's --wrap wants it
#else
extern "C" void* malloc(size_t size) {
#endif
  void* const memory = mallocx(size == 0 ? 1 : size, 0);
  if (memory == nullptr) std::abort();
  return memory;
}
