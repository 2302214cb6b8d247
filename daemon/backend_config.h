#ifndef DAYTONAD_DAEMON_BACKEND_CONFIG_H_
#define DAYTONAD_DAEMON_BACKEND_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/auth/credential.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"

namespace daytonad {

// The settings of one backend: an upstream, a credential, and what belongs to both.
struct BackendConfig {
  std::string name{kDefaultBackend};

  // No trailing slash.
  std::string api_url = "https://app.daytona.io/api";
  // One of these two is set: a file with the API key, or the credential from the environment.
  std::string api_key_file;
  std::optional<Credential> credential;
  std::string target;
  std::vector<std::string> trusted_origins;

  // Whether to receive Daytona's events, over one connection that is kept open.
  bool events = true;

  std::string ca_file;
  std::string proxy;
  Clock::Duration request_timeout = std::chrono::seconds(60);
  // Connections to Daytona, per kind of request; nullopt: as the process's descriptors allow.
  std::optional<int> max_connections = 250;
  std::optional<int> max_creates = 250;
  std::optional<int> max_streams = 1000;

  // How long cached objects are fresh, without and with events from Daytona; and the size of the cache, in bytes.
  Clock::Duration cache_lifetime = std::chrono::seconds(1);
  Clock::Duration cache_lifetime_with_events = std::chrono::seconds(30);
  int64_t cache_size = int64_t{64} << 20;

  // Concurrent uploads of build contexts to Daytona's storage.
  int max_uploads = 4;
  // The longest pause of an upload's client.
  Clock::Duration max_upload_idle = std::chrono::seconds(30);

  // The directory of the journal of request ids; empty: they are kept in memory only.
  std::string state_dir;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BACKEND_CONFIG_H_
