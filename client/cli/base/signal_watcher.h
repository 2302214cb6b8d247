#ifndef DAYTONAD_CLIENT_CLI_BASE_SIGNAL_WATCHER_H_
#define DAYTONAD_CLIENT_CLI_BASE_SIGNAL_WATCHER_H_

#include <csignal>
#include <thread>

#include "client/cli/base/cancellation.h"

namespace daytonad::cli {

// The first SIGINT or SIGTERM cancels the running call. A second one, or one that comes while no call runs (while a
// Dockerfile is read, for example), ends the process by its default action. A signal that the process was started to
// ignore (nohup, a background job) stays ignored.
//
// Create it before any other thread: it blocks the signals in all threads and reads them in its own.
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
