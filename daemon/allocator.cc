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
