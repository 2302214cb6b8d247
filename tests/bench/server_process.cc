#include "tests/bench/server_process.h"

#include <fcntl.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace daytonad::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr auto kPollInterval = std::chrono::microseconds(200);  // start-up times are measured with this
constexpr auto kTimeToStart = seconds(20);
constexpr auto kTimeToEnd = seconds(10);
constexpr auto kTimeToBeQuiet = seconds(10);

// The user's own settings of daytonad and of the network must not reach these servers.
std::vector<std::string> Environment(const std::vector<std::string>& additions) {
  std::vector<std::string> entries = additions;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text(*entry);
    const std::string name = absl::AsciiStrToLower(text.substr(0, text.find('=')));
    if (!absl::StartsWith(name, "daytona") && !absl::EndsWith(name, "_proxy")) entries.emplace_back(text);
  }
  return entries;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool AcceptsConnections(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return connected;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const ServerCommand& command) {
  if (::access(command.program.c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat(command.program, " is not there; build it, or give --bin-dir"));
  }
  std::vector<std::string> arguments = command.arguments;
  arguments.insert(arguments.begin(), command.program);
  std::vector<std::string> environment = Environment(command.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const int log = ::open(command.log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log < 0) return absl::InternalError(absl::StrCat("cannot write ", command.log_path));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(log);
  if (pid < 0) return absl::InternalError(absl::StrCat("cannot start ", command.program));
  const std::string name = command.program.substr(command.program.rfind('/') + 1);
  return std::unique_ptr<ServerProcess>(new ServerProcess(pid, name, command.log_path));
}

ServerProcess::ServerProcess(pid_t pid, std::string name, std::string log_path)
    : pid_(pid), name_(std::move(name)), log_path_(std::move(log_path)) {}

ServerProcess::~ServerProcess() {
  if (Exited()) return;
  ::kill(pid_, SIGTERM);
  const steady_clock::time_point limit = steady_clock::now() + kTimeToEnd;
  while (!Exited()) {
    if (steady_clock::now() > limit) ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(milliseconds(1));
  }
}

bool ServerProcess::Exited() {
  if (pid_ != 0 && ::waitpid(pid_, &exit_status_, WNOHANG) == pid_) pid_ = 0;
  return pid_ == 0;
}

absl::Status ServerProcess::Failure(absl::string_view problem) const {
  const std::string printed = Output();
  constexpr size_t kMostShown = 2000;
  const size_t skipped = printed.size() > kMostShown ? printed.size() - kMostShown : 0;
  return absl::InternalError(absl::StrCat(name_, " ", problem, "; it printed:\n", printed.substr(skipped)));
}

absl::Status ServerProcess::WaitUntil(absl::string_view what, const std::function<bool()>& condition) {
  const steady_clock::time_point limit = steady_clock::now() + kTimeToStart;
  while (!condition()) {
    if (Exited()) return Failure(absl::StrCat("ended before it was ", what));
    if (steady_clock::now() > limit) return Failure(absl::StrCat("is still not ", what));
    std::this_thread::sleep_for(kPollInterval);
  }
  return absl::OkStatus();
}

absl::Status ServerProcess::WaitUntilServing(const std::string& path) {
  // A channel that cannot connect waits a second before it tries again; so the socket is checked first.
  absl::Status listening = WaitUntil("listening", [&path] { return AcceptsConnections(path); });
  if (!listening.ok()) return listening;
  const auto channel = grpc::CreateChannel(absl::StrCat("unix:", path), grpc::InsecureChannelCredentials());
  const auto stub = grpc::health::v1::Health::NewStub(channel);
  absl::Status serving = WaitUntil("serving", [&stub] {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(5));
    grpc::health::v1::HealthCheckResponse response;
    const grpc::Status status = stub->Check(&context, {}, &response);
    return status.ok() && response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  });
  time_to_serving_ = steady_clock::now() - started_;
  return serving;
}

absl::StatusOr<std::string> ServerProcess::WaitForLine(absl::string_view prefix) {
  std::string found;
  absl::Status status = WaitUntil("ready", [&] {
    std::ifstream log(log_path_);
    // Without a line end, getline() stops at the end of the file, and the line may be incomplete.
    for (std::string line; std::getline(log, line) && !log.eof();) {
      if (absl::StartsWith(line, prefix)) found = std::string(absl::StripPrefix(line, prefix));
    }
    return !found.empty();
  });
  if (!status.ok()) return status;
  return found;
}

std::chrono::nanoseconds ServerProcess::cpu_time() const {
  clockid_t clock = 0;
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
  return seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

double ServerProcess::StatusField(absl::string_view name) const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  for (std::string line; std::getline(status, line);) {
    absl::string_view text(line);
    double kib = 0;
    if (absl::ConsumePrefix(&text, name) && absl::ConsumeSuffix(&text, "kB") && absl::SimpleAtod(text, &kib))
      return kib;
  }
  return 0;
}

void ServerProcess::WaitUntilQuiet() const {
  constexpr auto kWindow = milliseconds(200);
  const steady_clock::time_point limit = steady_clock::now() + kTimeToBeQuiet;
  std::chrono::nanoseconds used = cpu_time();
  for (bool quiet = false; !quiet && steady_clock::now() < limit;) {
    std::this_thread::sleep_for(kWindow);
    const std::chrono::nanoseconds now = cpu_time();
    quiet = now - used < kWindow / 50;
    used = now;
  }
}

absl::Status ServerProcess::WaitForExit(std::chrono::seconds limit) {
  const steady_clock::time_point end = steady_clock::now() + limit;
  while (!Exited()) {
    if (steady_clock::now() > end) return Failure("is still running");
    std::this_thread::sleep_for(milliseconds(10));
  }
  if (exit_status_ != 0) return Failure("failed");
  return absl::OkStatus();
}

std::string ServerProcess::Output() const {
  std::ifstream log(log_path_);
  return std::string((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
}

}  // namespace daytonad::bench
