#ifndef DAYTONAD_DAEMON_BASE_LAST_WORDS_H_
#define DAYTONAD_DAEMON_BASE_LAST_WORDS_H_

#include "daemon/base/log.h"

namespace daytonad {

// From now on, the process logs why it terminates abnormally: the uncaught exception, or that a library called abort()
// (gRPC does, silently, when memory runs out). `format` is the log's. Call once, after ConfigureLog().
void SayLastWords(LogFormat format);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LAST_WORDS_H_
