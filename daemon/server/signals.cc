#include "daemon/server/signals.h"

#include <csignal>
#include <utility>

namespace daytonad {

StopSignals::StopSignals(const Executor& executor, std::function<void(std::string_view)> on_signal)
    : signals_(executor, SIGTERM, SIGINT), on_signal_(std::move(on_signal)) {
  WaitForNext();
}

void StopSignals::WaitForNext() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;  // forgotten
    WaitForNext();
    on_signal_(signal == SIGTERM ? "SIGTERM" : "SIGINT");
  });
}

void StopSignals::Forget() {
  boost::system::error_code ignored;
  signals_.clear(ignored);
  signals_.cancel(ignored);
}

}  // namespace daytonad
