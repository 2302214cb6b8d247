#ifndef DAYTONAD_EMULATOR_BASE_OPTIONS_H_
#define DAYTONAD_EMULATOR_BASE_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "emulator/base/api_version.h"

namespace daytonad::emulator {

using std::chrono::milliseconds;

// How many requests a throttler allows in each window.
struct RateLimit {
  std::int64_t limit = 0;
  std::int64_t window_s = 60;
};

// How long things take. Short enough for a demo, long enough to observe.
struct Delays {
  milliseconds create{800};           // creating -> started
  milliseconds start{400};            // starting -> started
  milliseconds stop{400};             // stopping -> stopped
  milliseconds destroy{400};          // destroying -> gone, for sandboxes
  milliseconds archive{400};          // archiving -> archived
  milliseconds queue{500};            // pending, pending_build -> building
  milliseconds build{2500};           // a whole build, unless log_line is set
  milliseconds log_line{0};           // between two lines of a build log; 0: spread over the build
  milliseconds pull{800};             // pulling -> active
  milliseconds remove{400};           // removing -> gone, for snapshots
  milliseconds deactivate{600'000};   // how long after a deactivation a snapshot cannot be activated
  milliseconds volume{500};           // each of a volume's two steps, up and down
  milliseconds accept{20};            // how long the first create from a Dockerfile takes to reach the database
  milliseconds network{25};           // how long new network settings keep a sandbox busy
  milliseconds queue_minute{60'000};  // a minute of a create's queueTimeout
};

struct EmulatorOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3986;  // 0 picks one
  std::string base_path = "/api";
  ApiVersion api_version = ApiVersion::k0_226;
  std::vector<std::string> api_keys = {"emulator-key"};
  // Accepts any bearer token in the form of a JWT that comes with X-Daytona-Organization-ID.
  bool accept_jwt = false;
  std::map<std::string, RateLimit> rate_limits = {{"anonymous", {1000, 60}},
                                                  {"authenticated", {10000, 60}},
                                                  {"sandbox-create", {300, 60}},
                                                  {"sandbox-lifecycle", {10000, 60}}};
  // How long a name is not found after a DELETE by that name; 0: no lag.
  milliseconds name_lag{10000};
  // How long create and start hold their answer.
  milliseconds hold_limit{30000};
  // Base of the URLs that build-logs-url returns; empty: the emulator itself.
  std::string build_log_url_base;
  std::string record_file;
  // Whether push-access issues keys for object storage. Without them, images with local files cannot be built.
  bool object_storage = true;
  // Snapshots of an image that is still being processed end in error, as on the real server.
  bool exclusive_images = false;
  // The event connection: whether it is offered, how often the server pings, and how long the answer may take.
  bool events = true;
  milliseconds ping_interval{25000};
  milliseconds ping_timeout{20000};
  // Bytes that may wait for one event connection. A slower reader is disconnected.
  std::size_t max_event_backlog = std::size_t{64} * 1024 * 1024;
  Delays delays;
};

// "250ms", "2s", "1m", "0".
absl::StatusOr<milliseconds> ParseDuration(std::string_view text);

// Parses "authenticated=10000/60" (throttler, requests, seconds) and adds it to `limits`.
absl::Status ParseRateLimit(std::string_view text, std::map<std::string, RateLimit>& limits);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_OPTIONS_H_
