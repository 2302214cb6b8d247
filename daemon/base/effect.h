#ifndef DAYTONAD_DAEMON_BASE_EFFECT_H_
#define DAYTONAD_DAEMON_BASE_EFFECT_H_

namespace daytonad {

// What an RPC, or a request to upstream, does to Daytona's objects.
enum class Effect {
  kRead,      // get, list, find, wait for, watch, follow a log
  kMutation,  // create, change, start, stop, delete, upload
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_EFFECT_H_
