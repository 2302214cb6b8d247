// daytonad: reads the configuration, builds the object graph, and runs until it is stopped.
#include <fcntl.h>
#include <grpc/grpc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "daemon/backend.h"
#include "daemon/backend_registry.h"
#include "daemon/base/last_words.h"
#include "daemon/base/log.h"
#include "daemon/config.h"
#include "daemon/net/asio_clock.h"
#include "daemon/net/event_loop.h"
#include "daemon/net/work_pool.h"
#include "daemon/operations/build_context/context_roots.h"
#include "daemon/operations/build_context/spool.h"
#include "daemon/server/daemon.h"
#include "daemon/server/descriptor_plan.h"
#include "daemon/server/grpc_log.h"
#include "daemon/services/all_services.h"

namespace daytonad {
namespace {

constexpr int kExitOk = 0;
// The daemon could not start: invalid configuration, no credential, an address that cannot be bound.
constexpr int kExitCannotStart = 2;

// Connections need descriptors, and the soft limit is often only 1,024, for programs that use select().
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The number of connections for `limit`. Without a limit it is a quarter of the descriptors, so that three such pools
// leave room for clients and files.
size_t ConnectionLimit(std::optional<int> limit) {
  // One address has only this many ports.
  constexpr rlim_t kMost = 65'536;
  rlimit descriptors{};
  if (limit.has_value()) return static_cast<size_t>(*limit);
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return kMost;
  return std::clamp<rlim_t>(descriptors.rlim_cur / 4, 1, kMost);
}

// A core file would contain the credential, and another process of this user could read it from memory.
void ForbidCoreDumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// Divides the process's descriptors among the kinds of connections.
DescriptorPlan PlanDescriptors(const Config& config) {
  DescriptorPlan wanted;
  wanted.calls = ConnectionLimit(config.backend.max_connections);
  wanted.creates = ConnectionLimit(config.backend.max_creates);
  wanted.streams = ConnectionLimit(config.backend.max_streams);
  wanted.client_connections = static_cast<size_t>(config.max_client_connections);
  wanted.client_connections_per_user = static_cast<size_t>(config.max_client_connections_per_user);
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return wanted;
  std::string warning;
  const DescriptorPlan plan = FitDescriptors(wanted, config.listeners.size(), descriptors.rlim_cur, warning);
  if (!warning.empty()) Log(LogLevel::kWarning, warning);
  return plan;
}

LoopWatchdogOptions WatchdogOptions(const Config& config) {
  using std::chrono::milliseconds;
  LoopWatchdogOptions options;
  options.limit = std::chrono::duration_cast<milliseconds>(config.max_loop_stall);
  // Logged before the process ends.
  options.stalled_after = std::min(options.stalled_after, options.limit / 2);
  options.tick = std::min(options.tick, options.stalled_after);
  return options;
}

DaemonOptions ServerOptions(const Config& config, const DescriptorPlan& descriptors) {
  // Read-only callers need no large requests.
  constexpr int64_t kReadersMaxRequest = int64_t{1} << 20;
  DaemonOptions options;
  options.listeners = config.listeners;
  for (ListenerOptions& listener : options.listeners) {
    listener.connections.connections = descriptors.client_connections;
    listener.connections.per_user = descriptors.client_connections_per_user;
    const int64_t max_request =
        listener.read_only ? std::min(config.max_request, kReadersMaxRequest) : config.max_request;
    listener.max_message_bytes = static_cast<int>(std::min<int64_t>(max_request, std::numeric_limits<int>::max()));
  }
  options.max_calls = static_cast<size_t>(config.max_calls);
  options.max_request_bytes = static_cast<size_t>(config.max_request);
  options.max_memory = config.max_memory > 0
                           ? static_cast<size_t>(config.max_memory)
                           : DefaultMaxMemory(options.max_calls, static_cast<size_t>(config.backend.cache_size));
  options.address_file = config.address_file;
  options.max_wait = config.max_wait;
  options.max_queue_wait = config.max_queue_wait;
  options.max_stall = config.max_stall;
  options.drain_timeout = config.drain_timeout;
  options.stop_on_signals = true;
  options.probe.interval = config.health_interval;
  options.loop_watchdog = WatchdogOptions(config);
  return options;
}

// The directory for uploads, if configured. Checked now, because otherwise uploads would fail later.
absl::StatusOr<std::optional<Spool>> OpenSpool(const Config& config) {
  if (config.spool_dir.empty()) return std::nullopt;
  absl::StatusOr<Spool> spool = Spool::Open(config.spool_dir, config.spool_limit);
  if (!spool.ok()) return absl::InvalidArgumentError(absl::StrCat("--spool-dir: ", spool.status().message()));
  return *std::move(spool);
}

absl::StatusOr<ContextRoots> OpenContextRoots(const Config& config) {
  absl::StatusOr<ContextRoots> roots = ContextRoots::Open(config.context_roots);
  if (!roots.ok()) return absl::InvalidArgumentError(absl::StrCat("--context-root: ", roots.status().message()));
  return roots;
}

absl::Status Run(const Config& config) {
  AsioClock clock;
  absl::StatusOr<BackendParts> parts = Backend::Open(config.backend, clock);
  if (!parts.ok()) return parts.status();
  const absl::StatusOr<ContextRoots> context_roots = OpenContextRoots(config);
  if (!context_roots.ok()) return context_roots.status();
  absl::StatusOr<std::optional<Spool>> spool = OpenSpool(config);
  if (!spool.ok()) return spool.status();
  if (config.action == Config::Action::kCheck) {
    std::cout << "The configuration is valid.\n";
    return absl::OkStatus();
  }

  EventLoop loop;
  WorkPool pool;
  const DescriptorPlan descriptors = PlanDescriptors(config);
  const SharedResources shared{
      loop, clock, pool, *context_roots, spool->has_value() ? &**spool : nullptr, config.max_queue_wait};
  absl::StatusOr<std::unique_ptr<Backend>> backend =
      Backend::Make(config.backend, *std::move(parts),
                    ConnectionLimits{descriptors.calls, descriptors.creates, descriptors.streams}, shared);
  if (!backend.ok()) return backend.status();
  BackendRegistry backends;
  backends.Add(*std::move(backend));
  const absl::Cleanup end_the_loop = [&] {
    loop.Post([&] { backends.Stop(); });
    loop.Stop();
  };

  const BackendDirectory handlers = [&backends](std::string_view name) -> const BackendHandlers* {
    const Backend* const named = backends.Find(name);
    return named == nullptr ? nullptr : &named->handlers();
  };
  ServiceCatalog services;
  services.names = AllServiceNames();
  services.make = [&handlers](const RpcRuntime& runtime, const Caller& listener) {
    return MakeAllServices(runtime, listener, handlers);
  };
  services.settle = [&backends](CallContext context) { return backends.WaitForMutations(std::move(context)); };
  Daemon daemon(
      ServerOptions(config, descriptors), loop, clock,
      [&backends](CallContext context) { return backends.main().Ping(std::move(context)); }, std::move(services));
  if (absl::Status status = daemon.Start(); !status.ok()) return status;
  loop.Post([&backends] { backends.Start(); });
  daemon.WaitUntilStopped();
  return absl::OkStatus();
}

// Through the log, because standard error may block.
int Fail(const absl::Status& status) {
  const std::string line = absl::StrCat("daytonad: ", status.message(), "\n");
  try {
    WriteToLog(line);
    FlushLog();
  } catch (const std::system_error&) {  // its thread cannot be started
    std::cerr << line;
  }
  return kExitCannotStart;
}

// Opens /dev/null for closed standard streams; otherwise other files would get their numbers, and what is written
// there.
void KeepStandardDescriptors() {
  int fd = -1;
  do {
    fd = ::open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) ::close(fd);
}

void PrepareProcess(const Config& config) {
  RaiseDescriptorLimit();
  ConfigureLog(config.log_level, config.log_format);
  SayLastWords(config.log_format);
  RedirectGrpcLog();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);  // from the start; see StopSignals
  if (!config.allow_core_dumps) ForbidCoreDumps();
  for (const std::string& warning : config.warnings) Log(LogLevel::kWarning, warning);
}

// The loop, threads and sockets of the object graph throw if the system's resources are exhausted at start.
absl::Status RunOrSayWhyNot(const Config& config) {
  try {
    PrepareProcess(config);
    return Run(config);
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot start: ", error.what()));
  }
}

int Main(int argc, char** argv) {
  absl::StatusOr<Config> config = LoadConfig(argc, argv, environ);
  if (!config.ok()) return Fail(config.status());
  if (config->action == Config::Action::kPrint) {
    std::cout << config->text;
    return kExitOk;
  }
  const absl::Status status = RunOrSayWhyNot(*config);
  if (!status.ok()) return Fail(status);
  FlushLog();
  return kExitOk;
}

}  // namespace
}  // namespace daytonad

int main(int argc, char** argv) {
  daytonad::KeepStandardDescriptors();
  // Debian builds Abseil with debug checks: at each lock of gRPC it would check the lock order for cycles, a tenth of
  // the cost of notifying thousands of callers.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // gRPC's last shutdown waits ten seconds for a connection whose client died during a write. So hold one more
  // reference: gRPC's rest ends with the process, after everything else was shut down in order.
  grpc_init();
  const int status = daytonad::Main(argc, argv);
  std::cout.flush();
  std::_Exit(status);
}
