#ifndef DAYTONAD_DAEMON_SERVER_SIGNALS_H_
#define DAYTONAD_DAEMON_SERVER_SIGNALS_H_

#include <boost/asio/signal_set.hpp>
#include <functional>
#include <string_view>

#include "daemon/base/task.h"

namespace daytonad {

// Tells of each SIGTERM and SIGINT. A SIGHUP is ignored, and the log says so: it comes when a terminal closes, or from
// somebody who wants the configuration to be read again, which this program does not do; neither is a reason to end.
class StopSignals {
 public:
  // Throws if the system has no descriptors for it: made at the start of a program.
  StopSignals(const Executor& executor, std::function<void(std::string_view name)> on_signal);

  // Begins to tell, also of what has come since this object was made. On the loop, as what follows from it.
  void Start() { WaitForNext(); }

  // From now on SIGTERM and SIGINT end the process, as if nobody watched. On the loop; to be called before the loop
  // stops, which would wait for the next signal otherwise.
  void Forget();

 private:
  void WaitForNext();

  boost::asio::basic_signal_set<Executor> signals_;
  std::function<void(std::string_view)> on_signal_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_SIGNALS_H_
