#ifndef DAYTONAD_TESTS_INTEGRATION_DAEMON_PROCESS_H_
#define DAYTONAD_TESTS_INTEGRATION_DAEMON_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace daytonad::testing {

// How a process is started: of the test's own environment only PATH reaches it.
struct ProcessOptions {
  std::vector<std::string> flags;
  std::map<std::string, std::string> environment;
};

// A running daytonad in its own directory. The destructor ends it if it still runs.
class DaemonProcess {
 public:
  // Starts the daemon listening on a Unix socket (and where `flags` say) and waits until it listens. If it exits
  // instead, running() is false and exit_status() and log() give the reason.
  explicit DaemonProcess(ProcessOptions options);
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;
  ~DaemonProcess();

  bool running() const { return pid_ > 0; }
  // "unix:/tmp/.../d.sock", and further listeners' bound addresses.
  const std::vector<std::string>& addresses() const { return addresses_; }
  const std::string& directory() const { return directory_; }
  pid_t pid() const { return pid_; }

  void Signal(int signal) const;
  // Waits for the exit, and returns the exit status, or minus the signal that killed it.
  int WaitForExit();
  int exit_status() const { return exit_status_; }

  // What it has written to standard error so far.
  std::string log() const;

  long resident_kib() const;
  // The highest resident size so far.
  long peak_resident_kib() const;
  int threads() const;

 private:
  void Start(const ProcessOptions& options);
  bool ReadAddresses();

  std::string directory_;
  std::vector<std::string> addresses_;
  pid_t pid_ = -1;
  int exit_status_ = 0;
};

// Runs `daytonad` with these arguments until it exits, for starts that fail or end at once.
struct FinishedProcess {
  int exit_status = 0;
  std::string output;  // standard output and standard error
};
FinishedProcess RunDaemon(const ProcessOptions& options);

// Calls `condition` until it is true; gives up after a time that only a broken program needs.
bool Eventually(const std::function<bool()>& condition, std::chrono::seconds limit = std::chrono::seconds(60));

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_DAEMON_PROCESS_H_
