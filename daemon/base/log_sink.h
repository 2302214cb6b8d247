#ifndef DAYTONAD_DAEMON_BASE_LOG_SINK_H_
#define DAYTONAD_DAEMON_BASE_LOG_SINK_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace daytonad {

struct LogSinkOptions {
  // Limits of the queue; further lines are dropped.
  size_t max_lines = 8192;
  size_t max_bytes = size_t{2} << 20;
  // Makes the line that reports how many lines were dropped.
  std::function<std::string(size_t lines)> dropped_line;
  // Returns further lines at the time set by WakeAt(). May be empty.
  std::function<std::vector<std::string>()> due_lines;
};

// A queue of lines for a descriptor that may be slow or blocked: a full pipe, a stopped terminal, a hanging disk.
// Callers never block. A thread writes the lines one by one; lines above the limits are dropped, and a line in their
// place says so. A descriptor that fails (a closed pipe) is tried again with each line.
//
// The descriptor's O_NONBLOCK flag is left as it is, because other processes share the open file. Both modes work.
class LogSink {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Throws std::system_error if the thread cannot be started. The destructor does not close the descriptor.
  LogSink(int fd, LogSinkOptions options);
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;
  // Waits for the write in progress, however long it takes. Queued lines are discarded.
  ~LogSink();

  // Queues a line, which includes its line end. Thread-safe, like all methods below.
  void Write(std::string line);
  // Counts a line that could not be created.
  void CountDropped();
  // Calls `due_lines` at `when`, or earlier if an earlier time was set.
  void WakeAt(TimePoint when);

  // Waits until all lines queued so far are written, at most for `limit`. False on timeout.
  bool Flush(std::chrono::milliseconds limit);

 private:
  struct Line {
    std::string text;
    size_t stands_for = 1;  // lines that are lost if it is dropped
  };

  void Run();
  bool HasWork() const { return stopping_ || !lines_.empty() || (dropped_ > 0 && !failed_); }
  bool IsFull(size_t more) const;
  void Push(Line line);
  void PushDropped();
  void TakeDueLines(std::unique_lock<std::mutex>& lock);
  bool WriteOut(const std::string& text);

  const int fd_;
  const LogSinkOptions options_;
  bool torn_ = false;  // writer thread only: an error cut the last line off

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  std::deque<Line> lines_;  // without the line that is being written
  size_t bytes_ = 0;        // of lines_
  size_t dropped_ = 0;      // since the last report
  bool writing_ = false;
  bool failed_ = false;  // the last write
  bool stopping_ = false;
  TimePoint wake_at_ = TimePoint::max();
  std::thread writer_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LOG_SINK_H_
