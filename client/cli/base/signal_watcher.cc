#include "client/cli/base/signal_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace daytonad::cli {

SignalWatcher::SignalWatcher(Cancellation& cancellation) : cancellation_(cancellation) {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  signal_fd_ = signalfd(-1, &signals_, SFD_CLOEXEC);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { Watch(); });
}

SignalWatcher::~SignalWatcher() {
  eventfd_write(stop_fd_, 1);
  thread_.join();
  close(signal_fd_);
  close(stop_fd_);
}

void SignalWatcher::Watch() {
  std::array<pollfd, 2> waiting = {pollfd{signal_fd_, POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
  while (poll(waiting.data(), waiting.size(), -1) >= 0 || errno == EINTR) {
    if (waiting[1].revents != 0) return;
    signalfd_siginfo info;
    if (waiting[0].revents == 0 || read(signal_fd_, &info, sizeof(info)) != sizeof(info)) continue;
    // From here on this thread receives the signals, with their default action.
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    const int signal = static_cast<int>(info.ssi_signo);
    if (!cancellation_.Cancel(signal)) raise(signal);
    waiting[0].fd = -1;
  }
}

}  // namespace daytonad::cli
