#include "tests/integration/daemon_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"

namespace daytonad::testing {
namespace {

// The one of the same build, or another one to test: DAYTONAD=build/static/bin/daytonad.
std::string Daemon() {
  const char* const other = std::getenv("DAYTONAD");
  return other != nullptr ? other : DAYTONAD_BIN_DIR "/daytonad";
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t Spawn(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment,
            const std::string& output_file) {
  std::vector<std::string> variables = {std::string("PATH=") + std::getenv("PATH")};
  for (const auto& [name, value] : environment) variables.push_back(absl::StrCat(name, "=", value));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  // The child must not inherit the test's sockets, among them the emulator's listening one: it would keep them open.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr, Pointers(arguments).data(),
                                Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

int Wait(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string MakeDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "daytonad-test-XXXXXX";
  return ::mkdtemp(pattern.data());
}

// A line of /proc/PID/status, "VmRSS:", as a number.
long StatusField(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string key;
  while (status >> key) {
    long value = 0;
    if (key == name && status >> value) return value;
    status.ignore(1 << 16, '\n');
  }
  return -1;
}

}  // namespace

DaemonProcess::DaemonProcess(ProcessOptions options) : directory_(MakeDirectory()) { Start(options); }

void DaemonProcess::Start(const ProcessOptions& options) {
  std::vector<std::string> arguments = {Daemon(), "--listen", "unix:" + directory_ + "/d.sock", "--address-file",
                                        directory_ + "/addresses"};
  arguments.insert(arguments.end(), options.flags.begin(), options.flags.end());
  pid_ = Spawn(std::move(arguments), options.environment, directory_ + "/log");
  const auto ended = [this] {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
  };
  Eventually([&] { return ReadAddresses() || ended(); });
  if (addresses_.empty()) WaitForExit();
}

DaemonProcess::~DaemonProcess() {
  if (running()) {
    Signal(SIGTERM);
    WaitForExit();
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

bool DaemonProcess::ReadAddresses() {
  std::istringstream lines(ReadFile(directory_ + "/addresses"));
  std::vector<std::string> addresses;
  for (std::string line; std::getline(lines, line);) addresses.push_back(line);
  addresses_ = std::move(addresses);
  return !addresses_.empty();
}

void DaemonProcess::Signal(int signal) const {
  if (running()) ::kill(pid_, signal);
}

int DaemonProcess::WaitForExit() {
  if (running()) {
    exit_status_ = Wait(pid_);
    pid_ = -1;
  }
  return exit_status_;
}

std::string DaemonProcess::log() const { return ReadFile(directory_ + "/log"); }
long DaemonProcess::resident_kib() const { return StatusField(pid_, "VmRSS:"); }
long DaemonProcess::peak_resident_kib() const { return StatusField(pid_, "VmHWM:"); }
int DaemonProcess::threads() const { return static_cast<int>(StatusField(pid_, "Threads:")); }

FinishedProcess RunDaemon(const ProcessOptions& options) {
  const std::string directory = MakeDirectory();
  std::vector<std::string> arguments = {Daemon()};
  arguments.insert(arguments.end(), options.flags.begin(), options.flags.end());
  FinishedProcess finished;
  finished.exit_status = Wait(Spawn(std::move(arguments), options.environment, directory + "/output"));
  finished.output = ReadFile(directory + "/output");
  std::filesystem::remove_all(directory);
  return finished;
}

bool Eventually(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace daytonad::testing
