#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "emulator/base/options.h"
#include "emulator/emulator.h"

namespace daytonad::emulator {
namespace {

void AddDuration(CLI::App& app, const std::string& flag, milliseconds& target, const std::string& what) {
  app.add_option_function<std::string>(
         flag,
         [&target](const std::string& text) {
           const auto duration = ParseDuration(text);
           if (!duration.ok()) throw CLI::ValidationError(std::string(duration.status().message()));
           target = *duration;
         },
         what)
      ->type_name("DURATION")
      ->default_str(std::to_string(target.count()) + "ms");
}

void AddDelays(CLI::App& app, Delays& delays) {
  AddDuration(app, "--create-delay", delays.create, "creating -> started");
  AddDuration(app, "--start-delay", delays.start, "starting -> started");
  AddDuration(app, "--stop-delay", delays.stop, "stopping -> stopped");
  AddDuration(app, "--delete-delay", delays.destroy, "destroying -> gone, for sandboxes");
  AddDuration(app, "--archive-delay", delays.archive, "archiving -> archived");
  AddDuration(app, "--queue-delay", delays.queue, "pending -> building or pulling");
  AddDuration(app, "--build-delay", delays.build, "how long a build takes");
  AddDuration(app, "--log-line-delay", delays.log_line, "between two lines of a build log; 0: spread over the build");
  AddDuration(app, "--pull-delay", delays.pull, "pulling -> active, for snapshots");
  AddDuration(app, "--remove-delay", delays.remove, "removing -> gone, for snapshots");
  AddDuration(app, "--deactivate-delay", delays.deactivate, "how long a deactivated snapshot cannot be activated");
  AddDuration(app, "--volume-delay", delays.volume, "each of a volume's two steps");
  AddDuration(app, "--accept-delay", delays.accept,
              "how long the first create from a Dockerfile takes; others from the same one are refused meanwhile");
  AddDuration(app, "--network-delay", delays.network, "how long new network settings keep a sandbox busy");
  AddDuration(app, "--queue-minute", delays.queue_minute, "how long a minute of a create's queueTimeout lasts");
}

void ReadListen(const std::string& text, EmulatorOptions& options) {
  const auto colon = text.rfind(':');
  std::uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65535) {
    throw CLI::ValidationError("--listen: \"" + text + "\" is not HOST:PORT, such as 127.0.0.1:3986");
  }
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  options.host = host == "localhost" ? "127.0.0.1" : host;
  options.port = static_cast<std::uint16_t>(port);
}

// Serves until SIGINT or SIGTERM.
int Serve(EmulatorOptions options, const std::string& port_file) {
  // Blocks them in all threads, so that sigwait below receives them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Emulator emulator(std::move(options));
  if (const auto started = emulator.Start(); !started.ok()) {
    std::fprintf(stderr, "daytona-emulator: %s\n", std::string(started.message()).c_str());
    return 1;
  }
  if (!port_file.empty()) std::ofstream(port_file) << emulator.port() << "\n";
  std::printf("listening on %s\n", emulator.url().c_str());
  std::fflush(stdout);
  int received = 0;
  sigwait(&signals, &received);
  emulator.Stop();
  return 0;
}

int Main(int argc, char** argv) {
  EmulatorOptions options;
  std::string port_file;
  CLI::App app("An offline, in-memory Daytona API on loopback. Nothing survives a restart.", "daytona-emulator");
  app.set_version_flag("--version", std::string("daytona-emulator ") + DAYTONAD_VERSION);
  app.add_option_function<std::string>(
         "--listen", [&](const std::string& text) { ReadListen(text, options); },
         "address to listen on; port 0 picks one")
      ->type_name("HOST:PORT")
      ->default_str("127.0.0.1:3986");
  app.add_option("--port-file", port_file, "write the port into this file")->type_name("FILE");
  app.add_option("--base-path", options.base_path, "where the API is")->capture_default_str();
  app.add_option_function<std::string>(
         "--api-version",
         [&](const std::string& text) {
           const auto version = ParseApiVersion(text);
           if (!version.has_value())
             throw CLI::ValidationError("--api-version: \"" + text + "\" is not 0.190 or 0.226");
           options.api_version = *version;
         },
         "which server's fields, filters and routes to have")
      ->type_name("0.190|0.226")
      ->default_str("0.226");
  app.add_option("--api-key", options.api_keys, "a key to accept; repeatable")->type_name("KEY")->capture_default_str();
  app.add_flag("--jwt", options.accept_jwt, "accept any JWT that comes with X-Daytona-Organization-ID");
  app.add_option_function<std::vector<std::string>>(
         "--rate-limit",
         [&](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const auto read = ParseRateLimit(text, options.rate_limits);
             if (!read.ok()) throw CLI::ValidationError(std::string(read.message()));
           }
         },
         "a throttler's budget, such as sandbox-create=300/60; repeatable")
      ->type_name("NAME=REQUESTS/SECONDS");
  AddDuration(app, "--name-lag", options.name_lag,
              "how long nothing is found by a name after a DELETE by that name, even if it is taken again");
  AddDuration(app, "--hold-limit", options.hold_limit, "how long create and start hold their answer");
  app.add_option("--build-log-url-base", options.build_log_url_base, "where build-logs-url points, if not here")
      ->type_name("URL");
  app.add_flag("--no-object-storage{false}", options.object_storage, "push-access is 503, as where none is configured");
  app.add_flag("--exclusive-images", options.exclusive_images, "fail snapshots of an image that is being processed");
  app.add_option_function<std::string>(
         "--events", [&](const std::string& text) { options.events = text == "on"; },
         "whether clients can open an event connection; off: 404")
      ->type_name("on|off")
      ->default_str("on")
      ->check(CLI::IsMember({"on", "off"}));
  AddDuration(app, "--ping-interval", options.ping_interval, "how often event connections are pinged");
  AddDuration(app, "--ping-timeout", options.ping_timeout, "how long the answer to a ping may take");
  app.add_option("--record", options.record_file, "append each request to this file, one JSON line each")
      ->type_name("FILE");
  AddDelays(app, options.delays);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return Serve(std::move(options), port_file);
}

}  // namespace
}  // namespace daytonad::emulator

int main(int argc, char** argv) { return daytonad::emulator::Main(argc, argv); }
