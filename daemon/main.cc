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
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "daemon/auth/credential_source.h"
#include "daemon/auth/trusted_origins.h"
#include "daemon/base/last_words.h"
#include "daemon/base/log.h"
#include "daemon/config.h"
#include "daemon/net/asio_clock.h"
#include "daemon/net/event_loop.h"
#include "daemon/net/http/curl_http_client.h"
#include "daemon/net/http/revalidating_http_client.h"
#include "daemon/net/url.h"
#include "daemon/net/web_socket/curl_web_socket.h"
#include "daemon/net/work_pool.h"
#include "daemon/operations/build_context/context_roots.h"
#include "daemon/operations/build_context/context_uploader.h"
#include "daemon/operations/build_context/spool.h"
#include "daemon/operations/build_context/store_uploads.h"
#include "daemon/operations/build_context/streamed_uploads.h"
#include "daemon/operations/build_logs.h"
#include "daemon/operations/daemon_info.h"
#include "daemon/operations/dependencies.h"
#include "daemon/operations/idempotency_store.h"
#include "daemon/operations/image_builder.h"
#include "daemon/operations/journal/request_journal.h"
#include "daemon/operations/log_follower.h"
#include "daemon/operations/sandboxes.h"
#include "daemon/operations/snapshots.h"
#include "daemon/operations/volumes.h"
#include "daemon/server/daemon.h"
#include "daemon/server/descriptor_plan.h"
#include "daemon/server/grpc_log.h"
#include "daemon/services/all_services.h"
#include "daemon/services/rpc/steps/caller.h"
#include "daemon/state/shared_state.h"
#include "daemon/upstream/v0/events/event_stream.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {
namespace {

constexpr int kExitOk = 0;
// The daemon could not start: invalid configuration, no credential, an address that cannot be bound.
constexpr int kExitCannotStart = 2;

// Daytona answers a create like a long poll, after up to 30 s. Such requests get this much more time.
constexpr auto kLongPollTime = std::chrono::seconds(60);

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
  wanted.calls = ConnectionLimit(config.max_connections);
  wanted.creates = ConnectionLimit(config.max_creates);
  wanted.streams = ConnectionLimit(config.max_streams);
  wanted.client_connections = static_cast<size_t>(config.max_client_connections);
  wanted.client_connections_per_user = static_cast<size_t>(config.max_client_connections_per_user);
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return wanted;
  std::string warning;
  const DescriptorPlan plan = FitDescriptors(wanted, config.listeners.size(), descriptors.rlim_cur, warning);
  if (!warning.empty()) Log(LogLevel::kWarning, warning);
  return plan;
}

HttpClientOptions HttpOptions(const Config& config, const DescriptorPlan& descriptors) {
  HttpClientOptions options;
  options.max_calls = descriptors.calls;
  options.max_creates = descriptors.creates;
  options.max_streams = descriptors.streams;
  options.ca_file = config.ca_file;
  options.proxy = config.proxy;
  // Daytona may answer creates only after 30 s.
  options.patience = std::chrono::duration_cast<std::chrono::milliseconds>(config.request_timeout / 6);
  options.patience_with_creates = options.patience + std::chrono::seconds(30);
  return options;
}

RestApiOptions UpstreamOptions(const Config& config, BaseUrl api_url, WorkPool& pool) {
  RestApiOptions options(std::move(api_url));
  options.client.pool = &pool;
  options.client.prompt_limit = config.request_timeout;
  options.client.long_poll_limit = config.request_timeout + kLongPollTime;
  options.default_target = config.target;
  return options;
}

SharedStateOptions StateOptions(const Config& config) {
  SharedStateOptions options;
  // Time for the queue, and for a few attempts with pauses between them: one connection that hangs must not fail a
  // read.
  options.calls.read_limit = config.max_queue_wait + config.request_timeout * 4 + std::chrono::seconds(30);
  options.calls.mutation_limit = config.request_timeout + kLongPollTime;
  options.lifetimes.polling = config.cache_lifetime;
  options.lifetimes.with_events = config.cache_lifetime_with_events;
  options.max_bytes = static_cast<size_t>(config.cache_size);
  return options;
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
                           : DefaultMaxMemory(options.max_calls, static_cast<size_t>(config.cache_size));
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

absl::StatusOr<std::unique_ptr<CredentialSource>> OpenCredential(const Config& config, Clock& clock) {
  if (config.credential.has_value()) return std::make_unique<StaticCredential>(*config.credential);
  return FileCredential::Open(config.api_key_file, clock);
}

// The directory for uploads, if configured. Checked now, because otherwise uploads would fail later.
absl::StatusOr<std::optional<Spool>> OpenSpool(const Config& config) {
  if (config.spool_dir.empty()) return std::nullopt;
  absl::StatusOr<Spool> spool = Spool::Open(config.spool_dir, config.spool_limit);
  if (!spool.ok()) return absl::InvalidArgumentError(absl::StrCat("--spool-dir: ", spool.status().message()));
  return *std::move(spool);
}

// The journal of request ids; null if not configured. The ids belong to callers that may mutate, and to the credential
// at start.
absl::StatusOr<std::unique_ptr<RequestJournal>> OpenJournal(const Config& config, EventLoop& loop, Clock& clock,
                                                            CredentialSource& credential) {
  if (config.state_dir.empty()) return nullptr;
  JournalOptions options;
  options.directory = config.state_dir;
  absl::StatusOr<std::unique_ptr<JournalFile>> file =
      JournalFile::Open(std::move(options), std::chrono::system_clock::now());
  if (!file.ok()) return absl::InvalidArgumentError(absl::StrCat("--state-dir: ", file.status().message()));
  std::string owner = absl::StrCat("full/", MarkOf(credential.Current()));
  return std::make_unique<RequestJournal>(loop.executor(), clock, *std::move(file), std::move(owner));
}

absl::StatusOr<ContextRoots> OpenContextRoots(const Config& config) {
  absl::StatusOr<ContextRoots> roots = ContextRoots::Open(config.context_roots);
  if (!roots.ok()) return absl::InvalidArgumentError(absl::StrCat("--context-root: ", roots.status().message()));
  return roots;
}

DaemonSetup SetupOf(const Config& config, const BaseUrl& api_url) {
  DaemonSetup setup;
  setup.version = DAYTONAD_VERSION;
  setup.api_url = api_url.text();  // a BaseUrl has no user and no query
  setup.events = config.events;
  setup.has_state_dir = !config.state_dir.empty();
  setup.has_spool_dir = !config.spool_dir.empty();
  setup.has_context_roots = !config.context_roots.empty();
  return setup;
}

absl::Status Run(const Config& config) {
  AsioClock clock;
  absl::StatusOr<BaseUrl> api_url = BaseUrl::Parse(config.api_url);
  if (!api_url.ok()) return api_url.status();
  const absl::StatusOr<TrustedOrigins> trusted_origins = TrustedOrigins::Make(*api_url, config.trusted_origins);
  if (!trusted_origins.ok()) return trusted_origins.status();
  const absl::StatusOr<std::unique_ptr<CredentialSource>> credential = OpenCredential(config, clock);
  if (!credential.ok()) return credential.status();
  const absl::StatusOr<ContextRoots> context_roots = OpenContextRoots(config);
  if (!context_roots.ok()) return context_roots.status();
  absl::StatusOr<std::optional<Spool>> spool = OpenSpool(config);
  if (!spool.ok()) return spool.status();
  if (config.action == Config::Action::kCheck) {
    std::cout << "The configuration is valid.\n";
    return absl::OkStatus();
  }

  // From the lower layers to the upper ones. Upper layers use lower ones, on the loop.
  EventLoop loop;
  absl::StatusOr<std::unique_ptr<RequestJournal>> journal = OpenJournal(config, loop, clock, **credential);
  if (!journal.ok()) return journal.status();
  WorkPool pool;
  const DescriptorPlan descriptors = PlanDescriptors(config);
  CurlHttpClient http(loop.executor(), HttpOptions(config, descriptors));
  RevalidatingHttpClient revalidating(http, RevalidatingHttpClient::Options());
  EventStreamOptions event_options(*api_url);
  event_options.pool = &pool;
  DaemonSetup setup = SetupOf(config, *api_url);
  RestApi upstream(UpstreamOptions(config, *std::move(api_url), pool), revalidating, clock, **credential,
                   *trusted_origins);
  SharedState state(upstream, loop.executor(), clock, StateOptions(config));
  Api& api = state.api();
  CurlWebSocketConnector connector(loop.executor(), HttpOptions(config, descriptors));
  EventStream events(loop.executor(), std::move(event_options), connector, clock, **credential);
  StoreUploads uploads(clock, static_cast<size_t>(config.max_uploads));
  StreamedUploads streamed_uploads(api, pool, uploads, spool->has_value() ? &**spool : nullptr, clock,
                                   config.max_upload_idle);
  LogFollower follower(api, clock);
  IdempotencyStore requests(loop.executor(), clock, IdempotencyStoreOptions(), journal->get());
  if (*journal != nullptr) requests.Restore((*journal)->TakeStored());
  ContextUploader context_uploader(api, *context_roots, pool, uploads, clock);
  ImageBuilder images(pool, *context_roots, context_uploader);
  const DaemonInfoOperations info(std::move(setup), api, state);
  const Dependencies dependencies{api, state, state, clock, loop.executor(), follower, requests, images};
  SandboxOperations sandboxes(dependencies, descriptors.creates);
  SnapshotOperations snapshots(dependencies);
  BuildLogOperations build_logs(dependencies);
  VolumeOperations volumes(dependencies);
  const absl::Cleanup end_the_loop = [&] {
    loop.Post([&] {
      events.Stop();
      http.Shutdown();
    });
    loop.Stop();
  };

  DaytonaHandlers daytona_handlers(sandboxes);
  SnapshotHandlers snapshot_handlers(snapshots);
  VolumeHandlers volume_handlers(volumes);
  BuildHandlers build_handlers(build_logs, streamed_uploads);
  DaemonHandlers daemon_handlers(info);
  const BackendHandlers handlers{.daytona = &daytona_handlers,
                                 .snapshots = &snapshot_handlers,
                                 .volumes = &volume_handlers,
                                 .builds = &build_handlers,
                                 .daemon = &daemon_handlers};
  const BackendDirectory backends = [&handlers](std::string_view name) {
    return name == kDefaultBackend ? &handlers : nullptr;
  };
  ServiceCatalog services;
  services.names = AllServiceNames();
  services.make = [&backends](const RpcRuntime& runtime, const Caller& listener) {
    return MakeAllServices(runtime, listener, backends);
  };
  services.settle = [&state](CallContext context) { return state.WaitForMutations(std::move(context)); };
  Daemon daemon(
      ServerOptions(config, descriptors), loop, clock,
      [&api](CallContext context) { return api.Ping(std::move(context)); }, std::move(services));
  if (absl::Status status = daemon.Start(); !status.ok()) return status;
  if (config.events) loop.Post([&] { events.Start(state); });
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
