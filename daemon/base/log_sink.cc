#include "daemon/base/log_sink.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

namespace daytonad {
namespace {

// Blocks signals on this thread; a closed pipe is an error of write(), not a signal.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Writes all of `text`, blocking as long as necessary. Returns how much was written before an error.
size_t WriteAll(int fd, std::string_view text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t result = ::write(fd, text.data() + written, text.size() - written);
    if (result >= 0) {
      written += static_cast<size_t>(result);
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      break;
    }
  }
  return written;
}

}  // namespace

LogSink::LogSink(int fd, LogSinkOptions options) : fd_(fd), options_(std::move(options)) {
  const NoSignals inherited_by_the_thread;
  writer_ = std::thread([this] { Run(); });
  ::pthread_setname_np(writer_.native_handle(), "daytonad-log");
}

LogSink::~LogSink() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

// After dropping lines, wait for more room first; otherwise every second line of a flood would report one dropped line.
bool LogSink::IsFull(size_t more) const {
  const size_t part = dropped_ > 0 && !failed_ ? 2 : 1;
  return lines_.size() >= options_.max_lines / part || bytes_ + more > options_.max_bytes / part;
}

void LogSink::Push(Line line) {
  bytes_ += line.text.size();
  lines_.push_back(std::move(line));
}

void LogSink::PushDropped() {
  Push({options_.dropped_line(dropped_), dropped_});
  dropped_ = 0;
}

void LogSink::Write(std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (IsFull(line.size())) {
      ++dropped_;
      return;
    }
    if (dropped_ > 0) PushDropped();
    Push({std::move(line)});
  }
  changed_.notify_one();
}

void LogSink::CountDropped() {
  const std::lock_guard lock(mutex_);
  ++dropped_;
}

void LogSink::WakeAt(TimePoint when) {
  {
    const std::lock_guard lock(mutex_);
    if (when >= wake_at_) return;
    wake_at_ = when;
  }
  changed_.notify_one();
}

bool LogSink::Flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, limit, [this] { return !writing_ && !HasWork(); });
}

void LogSink::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!HasWork()) {
      idle_.notify_all();
      if (wake_at_ == TimePoint::max()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, wake_at_);
      }
    }
    if (stopping_) return;
    if (std::chrono::steady_clock::now() >= wake_at_) TakeDueLines(lock);
    if (!HasWork()) continue;
    if (lines_.empty()) PushDropped();
    Line line = std::move(lines_.front());
    lines_.pop_front();
    bytes_ -= line.text.size();
    writing_ = true;
    lock.unlock();
    const bool written = WriteOut(line.text);
    lock.lock();
    writing_ = false;
    failed_ = !written;
    if (!written) dropped_ += line.stands_for;
  }
}

// Without the lock: the callback may be about to write.
void LogSink::TakeDueLines(std::unique_lock<std::mutex>& lock) {
  wake_at_ = TimePoint::max();
  if (!options_.due_lines) return;
  lock.unlock();
  std::vector<std::string> due = options_.due_lines();
  lock.lock();
  for (std::string& line : due) Push({std::move(line)});
}

bool LogSink::WriteOut(const std::string& text) {
  // End the truncated line, so that this one is complete.
  if (torn_ && WriteAll(fd_, "\n") == 1) torn_ = false;
  if (torn_) return false;
  const size_t written = WriteAll(fd_, text);
  torn_ = written > 0 && written < text.size();
  return written == text.size();
}

}  // namespace daytonad
