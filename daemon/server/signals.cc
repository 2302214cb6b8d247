#include "daemon/server/signals.h"

#include <csignal>
#include <utility>

#include "daemon/base/log.h"

namespace daytonad {

StopSignals::StopSignals(const Executor& executor, std::function<void(std::string_view)> on_signal)
    : signals_(executor, SIGTERM, SIGINT, SIGHUP), on_signal_(std::move(on_signal)) {}

void StopSignals::WaitForNext() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;  // cancelled by Forget()
    WaitForNext();
    if (signal == SIGHUP) {
      Log(LogLevel::kInfo, "SIGHUP is ignored: only the API key file is reread, when it changes");
    } else {
      on_signal_(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    }
  });
}

void StopSignals::Forget() {
  boost::system::error_code ignored;
  signals_.clear(ignored);
  std::signal(SIGHUP, SIG_IGN);
  signals_.cancel(ignored);
}

}  // namespace daytonad
