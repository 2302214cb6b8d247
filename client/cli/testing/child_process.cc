#include "client/cli/testing/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

namespace daytonad::cli {
namespace {

// Appends what can be read. False at the end.
bool ReadSome(int fd, std::string& text) {
  std::array<char, 4096> buffer;
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  if (size <= 0) return false;
  text.append(buffer.data(), size);
  return true;
}

// The ends: the one to read from, then the child's to write to.
int OpenTerminal(std::array<int, 2>& ends) {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 80;
  const int result = openpty(ends.data(), ends.data() + 1, nullptr, nullptr, &size);
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  return result;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, ErrorTo error_to) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  std::array<int, 2> out;
  std::array<int, 2> err;
  if (pipe2(out.data(), O_CLOEXEC) != 0) abort();
  if ((error_to == ErrorTo::kPipe ? pipe2(err.data(), O_CLOEXEC) : OpenTerminal(err)) != 0) abort();
  pid_ = fork();
  if (pid_ == 0) {
    // The signal handling that a foreground shell gives its commands, however the test was started.
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  close(err_fd_);
}

void ChildProcess::Signal(int signal) const { kill(pid_, signal); }

void ChildProcess::CloseOutput() {
  close(out_fd_);
  out_fd_ = -1;
}

bool ChildProcess::ReadUntil(int fd, std::string& text, const std::string& wanted) {
  while (text.find(wanted) == std::string::npos) {
    if (!ReadSome(fd, text)) return false;
  }
  return true;
}

ChildProcess::Outcome ChildProcess::Finish() {
  std::array<pollfd, 2> pipes = {pollfd{out_fd_, POLLIN, 0}, pollfd{err_fd_, POLLIN, 0}};
  while ((pipes[0].fd >= 0 || pipes[1].fd >= 0) && poll(pipes.data(), pipes.size(), -1) >= 0) {
    if (pipes[0].revents != 0 && !ReadSome(out_fd_, out_)) pipes[0].fd = -1;
    if (pipes[1].revents != 0 && !ReadSome(err_fd_, err_)) pipes[1].fd = -1;
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  Outcome outcome{.out = out_, .err = err_};
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

}  // namespace daytonad::cli
