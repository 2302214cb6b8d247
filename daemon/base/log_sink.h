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
  // What may wait for the descriptor; what is above is dropped.
  size_t max_lines = 8192;
  size_t max_bytes = size_t{2} << 20;
  // The text of the line that says how many were dropped.
  std::function<std::string(size_t lines)> dropped_line;
  // Further lines, asked for when the time of WakeAt() has come. May be empty.
  std::function<std::vector<std::string>()> due_lines;
};

// Lines on their way to a descriptor that may take them slowly, or not at all: a full pipe, a terminal that is held, a
// disk that hangs. Who writes never waits. A thread writes the lines one by one; what exceeds the limits is dropped,
// and a line says so where it is missing. A descriptor that fails (a closed pipe) is tried again with each line.
//
// The descriptor's O_NONBLOCK stays as it is: other processes have the same open file. Both kinds are written to.
class LogSink {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Throws std::system_error if there is no thread to be had. The descriptor is not closed at the end.
  LogSink(int fd, LogSinkOptions options);
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;
  // Waits for the write in progress, however long that takes. What is left is not written.
  ~LogSink();

  // Queues a line, which brings its line end. Thread-safe, as all that follows.
  void Write(std::string line);
  // Counts a line that could not be made.
  void CountDropped();
  // Has `due_lines` asked at `when`, or at an earlier time that was asked for before.
  void WakeAt(TimePoint when);

  // Waits until everything is written that was queued before, at most for `limit`. False if it took longer.
  bool Flush(std::chrono::milliseconds limit);

 private:
  struct Line {
    std::string text;
    size_t stands_for = 1;  // so many lines are lost with it
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
  bool torn_ = false;  // the writer's: the last line was cut off by an error

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  std::deque<Line> lines_;  // the one that is being written is no longer in it
  size_t bytes_ = 0;        // of lines_
  size_t dropped_ = 0;      // since the last line that said so
  bool writing_ = false;
  bool failed_ = false;  // the last write
  bool stopping_ = false;
  TimePoint wake_at_ = TimePoint::max();
  std::thread writer_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_LOG_SINK_H_
