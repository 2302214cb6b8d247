#ifndef DAYTONAD_DAEMON_CONFIG_H_
#define DAYTONAD_DAEMON_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/backend_config.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/server/listener.h"

namespace daytonad {

// All settings with their defaults. docs/configuration.md documents them, and maps the fields of the SDKs'
// DaytonaConfig.
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

  // The only backend so far.
  BackendConfig backend;

  // Client connections per listener, and per user of a UNIX socket; concurrent calls.
  int max_client_connections = 1024;
  int max_client_connections_per_user = 768;
  int max_calls = 10'000;
  // The largest request, in bytes; a read-only listener takes less.
  int64_t max_request = kMaxRequestBytes;
  // The memory limit of the process, in bytes; 0: as the other limits need.
  int64_t max_memory = 0;

  // Directories whose files images may name by path.
  std::vector<std::string> context_roots;
  // The directory that buffers uploads without a hash, and its limit in bytes; empty: such uploads are rejected.
  std::string spool_dir;
  int64_t spool_limit = int64_t{2} << 30;

  Clock::Duration max_wait = std::chrono::hours(24);
  Clock::Duration max_queue_wait = std::chrono::minutes(5);
  Clock::Duration max_stall = std::chrono::seconds(60);
  Clock::Duration max_loop_stall = std::chrono::seconds(30);
  Clock::Duration drain_timeout = std::chrono::seconds(25);
  Clock::Duration health_interval = std::chrono::seconds(30);

  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kPlain;
  bool allow_core_dumps = false;

  // Warnings for the operator: deprecated, ignored or risky settings. Log them after ConfigureLog.
  std::vector<std::string> warnings;
};

// Reads the command line, the environment (in the form of `environ`) and the YAML file that they may name; the first
// one that has a setting wins, in this order. An error says in one line what is wrong, where, and what to do.
//
// Credentials are moved out of the environment: their bytes are overwritten and the variables removed.
absl::StatusOr<Config> LoadConfig(int argc, const char* const* argv, char** environ_entries);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_CONFIG_H_
