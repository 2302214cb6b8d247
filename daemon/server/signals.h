#ifndef DAYTONAD_DAEMON_SERVER_SIGNALS_H_
#define DAYTONAD_DAEMON_SERVER_SIGNALS_H_

#include <boost/asio/signal_set.hpp>
#include <functional>
#include <string_view>

#include "daemon/base/task.h"

namespace daytonad {

// Reports each SIGTERM and SIGINT. A SIGHUP is ignored and logged: it comes from a closing terminal, or as a request to
// reload the configuration, which this program does not support; neither is a reason to stop.
class StopSignals {
 public:
  // Throws if no descriptors are available: create it at the start of the program.
  StopSignals(const Executor& executor, std::function<void(std::string_view name)> on_signal);

  // Starts to report signals, including those since this object was created. Call it on the loop, where the callback
  // runs.
  void Start() { WaitForNext(); }

  // Restores the default: SIGTERM and SIGINT end the process. Call it on the loop, before the loop stops; otherwise the
  // loop would wait for the next signal.
  void Forget();

 private:
  void WaitForNext();

  boost::asio::basic_signal_set<Executor> signals_;
  std::function<void(std::string_view)> on_signal_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_SIGNALS_H_
