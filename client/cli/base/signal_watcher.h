#ifndef DAYTONAD_CLIENT_CLI_BASE_SIGNAL_WATCHER_H_
#define DAYTONAD_CLIENT_CLI_BASE_SIGNAL_WATCHER_H_

#include <csignal>
#include <thread>

#include "client/cli/base/cancellation.h"

namespace daytonad::cli {

// Turns the first SIGINT or SIGTERM into a cancelled call. The second one, and one that comes while there is no call
// (as while a Dockerfile is read), ends the process as it does by default. A signal that the process was told to ignore
// (nohup, a background job) stays ignored.
//
// Make it before any other thread: the signals are blocked in all of them and read by one of its own.
class SignalWatcher {
 public:
  explicit SignalWatcher(Cancellation& cancellation);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void Watch();

  Cancellation& cancellation_;
  sigset_t signals_;
  int signal_fd_;
  int stop_fd_;
  std::thread thread_;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_SIGNAL_WATCHER_H_
