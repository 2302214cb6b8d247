#ifndef DAYTONAD_CLIENT_CLI_TESTING_CHILD_PROCESS_H_
#define DAYTONAD_CLIENT_CLI_TESTING_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace daytonad::cli {

// A child process with its output in pipes, or its standard error in an 80-column terminal. Killed if it outlives this
// object.
class ChildProcess {
 public:
  struct Outcome {
    int exit_code = -1;  // -1: a signal ended it
    int signal = 0;
    std::string out;
    std::string err;
  };

  enum class ErrorTo { kPipe, kTerminal };

  explicit ChildProcess(std::vector<std::string> command, ErrorTo error_to = ErrorTo::kPipe);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void Signal(int signal) const;

  // Makes its next write to standard output fail, as if the reader of a pipe went away.
  void CloseOutput();

  // Reads standard output or standard error until it contains `text`. False if it ends before.
  bool ReadOutputUntil(const std::string& text) { return ReadUntil(out_fd_, out_, text); }
  bool ReadErrorUntil(const std::string& text) { return ReadUntil(err_fd_, err_, text); }

  // Reads the rest and waits for its end.
  Outcome Finish();

 private:
  static bool ReadUntil(int fd, std::string& text, const std::string& wanted);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_TESTING_CHILD_PROCESS_H_
