#ifndef DAYTONAD_DAEMON_SERVER_SIGNALS_H_
#define DAYTONAD_DAEMON_SERVER_SIGNALS_H_

#include <boost/asio/signal_set.hpp>
#include <functional>
#include <string_view>

#include "daemon/base/task.h"

namespace daytonad {

// Tells of each SIGTERM and SIGINT, on the loop.
class StopSignals {
 public:
  StopSignals(const Executor& executor, std::function<void(std::string_view name)> on_signal);

  // From now on these signals end the process, as if nobody watched. On the loop; to be called before the loop stops,
  // which would wait for the next signal otherwise.
  void Forget();

 private:
  void WaitForNext();

  boost::asio::basic_signal_set<Executor> signals_;
  std::function<void(std::string_view)> on_signal_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_SIGNALS_H_
