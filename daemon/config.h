#ifndef DAYTONAD_DAEMON_CONFIG_H_
#define DAYTONAD_DAEMON_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/auth/credential.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/server/listener.h"

namespace daytonad {

// All that can be set, with its defaults. docs/configuration.md says what each means, and where the fields of the SDKs'
// DaytonaConfig are.
struct Config {
  enum class Action {
    kRun,
    kCheck,  // --check-config: everything is valid
    kPrint,  // --help, --version: `text`, and nothing else is set
  };
  Action action = Action::kRun;
  std::string text;

  std::vector<ListenerOptions> listeners;
  std::string address_file;

  // No trailing slash.
  std::string api_url = "https://app.daytona.io/api";
  // One of these two is set: a file that holds the API key, or what the environment holds.
  std::string api_key_file;
  std::optional<Credential> credential;
  std::string target;
  std::vector<std::string> trusted_origins;

  // Daytona's events are received, over one connection that is kept open.
  bool events = true;

  std::string ca_file;
  std::string proxy;
  Clock::Duration request_timeout = std::chrono::seconds(60);
  // Connections to Daytona, per kind of request; none: as many as the process has descriptors for.
  std::optional<int> max_connections = 250;
  std::optional<int> max_creates = 250;
  std::optional<int> max_streams = 1000;

  // Connections of clients, of each listener, and of one user on a UNIX socket; calls that are open at a time.
  int max_client_connections = 1024;
  int max_client_connections_per_user = 768;
  int max_calls = 10'000;
  // The largest request, in bytes; a read-only listener takes less.
  int64_t max_request = kMaxRequestBytes;
  // The memory that the process may have, in bytes; 0: what the other limits need.
  int64_t max_memory = 0;

  // How long what the daemon knows of an object is an answer, without and with events from Daytona; and how much it may
  // keep in memory, in bytes.
  Clock::Duration cache_lifetime = std::chrono::seconds(1);
  Clock::Duration cache_lifetime_with_events = std::chrono::seconds(30);
  int64_t cache_size = int64_t{64} << 20;

  // Directories whose files images may name by path. Opened by whoever uses them.
  std::vector<std::string> context_roots;
  // Where uploads without a hash are kept meanwhile, all together so many bytes; empty: such uploads are refused.
  std::string spool_dir;
  int64_t spool_limit = int64_t{2} << 30;
  // Build contexts that are sent to Daytona's storage at a time.
  int max_uploads = 4;
  // The longest that the client of an upload may send nothing.
  Clock::Duration max_upload_idle = std::chrono::seconds(30);

  Clock::Duration max_wait = std::chrono::hours(24);
  Clock::Duration max_queue_wait = std::chrono::minutes(5);
  Clock::Duration max_stall = std::chrono::seconds(60);
  Clock::Duration max_loop_stall = std::chrono::seconds(30);
  Clock::Duration drain_timeout = std::chrono::seconds(25);
  // Where the journal of request ids is; empty: they are known as long as the daemon runs.
  std::string state_dir;
  Clock::Duration health_interval = std::chrono::seconds(30);

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kPlain;
  bool allow_core_dumps = false;

  // What the operator should know: deprecated, ignored or risky settings. To be logged once the log is set up.
  std::vector<std::string> warnings;
};

// Reads the command line, the environment (in the form of `environ`) and the YAML file that they may name; the first
// that says something wins, in this order. An error says in one line what is wrong, where, and what to do.
//
// Credentials are moved out of the environment: their bytes there are overwritten and the variables are gone.
absl::StatusOr<Config> LoadConfig(int argc, const char* const* argv, char** environ_entries);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_CONFIG_H_
