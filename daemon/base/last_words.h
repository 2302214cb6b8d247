#ifndef DAYTONAD_DAEMON_BASE_LAST_WORDS_H_
#define DAYTONAD_DAEMON_BASE_LAST_WORDS_H_

#include "daemon/base/log.h"

namespace daytonad {

// From now on, a process that ends by itself leaves an error line that says why: with the exception that nobody caught,
// or, when a library calls abort() (gRPC does, silently, where memory runs out), that it did. `format` is the log's.
// Call once, after ConfigureLog().
void SayLastWords(LogFormat format);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LAST_WORDS_H_
