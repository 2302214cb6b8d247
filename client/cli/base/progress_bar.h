#ifndef DAYTONAD_CLIENT_CLI_BASE_PROGRESS_BAR_H_
#define DAYTONAD_CLIENT_CLI_BASE_PROGRESS_BAR_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

namespace daytonad::cli {

// "512 B", "1.5 MiB".
std::string BytesText(std::int64_t bytes);

// "0:03", "1:02:03".
std::string ClockText(std::chrono::seconds time);

// A progress bar on one terminal line, redrawn until it is done:
//   upload  45% [=========>           ] 12.3 of 27.4 MiB, 4.1 MiB/s, 0:03 left
// If it goes out of scope before Finish, the line stays, and later output starts on a new one.
class ProgressBar {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `width`: columns of the terminal; 0: not a terminal, writes nothing.
  ProgressBar(std::string label, std::int64_t total, std::ostream& err, int width,
              std::function<Time()> now = std::chrono::steady_clock::now);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Count further bytes that were sent, or that need not be sent.
  void Sent(std::int64_t bytes);
  void Skipped(std::int64_t bytes);

  // Everything is done. Leaves a plain line:
  //   upload 100% of 27.4 MiB in 6.7 s, 4.1 MiB/s
  void Finish();

 private:
  void Draw();
  std::string Line() const;
  double Rate() const;
  void Write(const std::string& line, const char* end);

  std::string label_;
  std::int64_t total_;
  std::ostream& err_;
  int width_;
  std::function<Time()> now_;
  Time begin_;
  std::optional<Time> drawn_;
  std::int64_t sent_ = 0;
  std::int64_t skipped_ = 0;
  bool inside_line_ = false;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_PROGRESS_BAR_H_
