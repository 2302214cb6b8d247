#include "daemon/backend.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/operations/journal/journal_file.h"

namespace daytonad {
namespace {

// Daytona answers a create like a long poll, after up to 30 s. Such requests get this much more time.
constexpr auto kLongPollTime = std::chrono::seconds(60);

HttpClientOptions HttpOptions(const BackendConfig& config, const ConnectionLimits& limits) {
  HttpClientOptions options;
  options.max_calls = limits.calls;
  options.max_creates = limits.creates;
  options.max_streams = limits.streams;
  options.ca_file = config.ca_file;
  options.proxy = config.proxy;
  // Daytona may answer creates only after 30 s.
  options.patience = std::chrono::duration_cast<std::chrono::milliseconds>(config.request_timeout / 6);
  options.patience_with_creates = options.patience + std::chrono::seconds(30);
  return options;
}

RestApiOptions UpstreamOptions(const BackendConfig& config, const BaseUrl& api_url, WorkPool& pool) {
  RestApiOptions options(api_url);
  options.client.pool = &pool;
  options.client.prompt_limit = config.request_timeout;
  options.client.long_poll_limit = config.request_timeout + kLongPollTime;
  options.default_target = config.target;
  return options;
}

SharedStateOptions StateOptions(const BackendConfig& config, Clock::Duration max_queue_wait) {
  SharedStateOptions options;
  // Time for the queue, and for a few attempts with pauses between them: one connection that hangs must not fail a
  // read.
  options.calls.read_limit = max_queue_wait + config.request_timeout * 4 + std::chrono::seconds(30);
  options.calls.mutation_limit = config.request_timeout + kLongPollTime;
  options.lifetimes.polling = config.cache_lifetime;
  options.lifetimes.with_events = config.cache_lifetime_with_events;
  options.max_bytes = static_cast<size_t>(config.cache_size);
  return options;
}

EventStreamOptions EventOptions(const BaseUrl& api_url, WorkPool& pool) {
  EventStreamOptions options(api_url);
  options.pool = &pool;
  return options;
}

DaemonSetup SetupOf(const BackendConfig& config, const BaseUrl& api_url, const SharedResources& shared) {
  DaemonSetup setup;
  setup.version = DAYTONAD_VERSION;
  setup.api_url = api_url.text();  // a BaseUrl has no user and no query
  setup.events = config.events;
  setup.has_state_dir = !config.state_dir.empty();
  setup.has_spool_dir = shared.spool != nullptr;
  setup.has_context_roots = !shared.context_roots.empty();
  return setup;
}

absl::StatusOr<std::unique_ptr<CredentialSource>> OpenCredential(const BackendConfig& config, Clock& clock) {
  if (config.credential.has_value()) return std::make_unique<StaticCredential>(*config.credential);
  return FileCredential::Open(config.api_key_file, clock);
}

// The journal of request ids; null if not configured. The ids belong to callers that may mutate, and to the credential
// at start.
absl::StatusOr<std::unique_ptr<RequestJournal>> OpenJournal(const BackendConfig& config, CredentialSource& credential,
                                                            const SharedResources& shared) {
  if (config.state_dir.empty()) return nullptr;
  JournalOptions options;
  options.directory = config.state_dir;
  absl::StatusOr<std::unique_ptr<JournalFile>> file =
      JournalFile::Open(std::move(options), std::chrono::system_clock::now());
  if (!file.ok()) return absl::InvalidArgumentError(absl::StrCat("--state-dir: ", file.status().message()));
  std::string owner = absl::StrCat("full/", MarkOf(credential.Current()));
  return std::make_unique<RequestJournal>(shared.loop.executor(), shared.clock, *std::move(file), std::move(owner));
}

}  // namespace

absl::StatusOr<BackendParts> Backend::Open(const BackendConfig& config, Clock& clock) {
  absl::StatusOr<BaseUrl> api_url = BaseUrl::Parse(config.api_url);
  if (!api_url.ok()) return api_url.status();
  absl::StatusOr<TrustedOrigins> trusted_origins = TrustedOrigins::Make(*api_url, config.trusted_origins);
  if (!trusted_origins.ok()) return trusted_origins.status();
  absl::StatusOr<std::unique_ptr<CredentialSource>> credential = OpenCredential(config, clock);
  if (!credential.ok()) return credential.status();
  return BackendParts{*std::move(api_url), *std::move(trusted_origins), *std::move(credential)};
}

absl::StatusOr<std::unique_ptr<Backend>> Backend::Make(const BackendConfig& config, BackendParts parts,
                                                       const ConnectionLimits& limits, const SharedResources& shared) {
  absl::StatusOr<std::unique_ptr<RequestJournal>> journal = OpenJournal(config, *parts.credential, shared);
  if (!journal.ok()) return journal.status();
  return std::unique_ptr<Backend>(new Backend(config, std::move(parts), *std::move(journal), limits, shared));
}

Backend::Backend(const BackendConfig& config, BackendParts parts, std::unique_ptr<RequestJournal> journal,
                 const ConnectionLimits& limits, const SharedResources& shared)
    : config_(config),
      parts_(std::move(parts)),
      journal_(std::move(journal)),
      http_(shared.loop.executor(), HttpOptions(config_, limits)),
      revalidating_(http_, RevalidatingHttpClient::Options()),
      upstream_(UpstreamOptions(config_, parts_.api_url, shared.pool), revalidating_, shared.clock, *parts_.credential,
                parts_.trusted_origins),
      state_(upstream_, shared.loop.executor(), shared.clock, StateOptions(config_, shared.max_queue_wait)),
      connector_(shared.loop.executor(), HttpOptions(config_, limits)),
      events_(shared.loop.executor(), EventOptions(parts_.api_url, shared.pool), connector_, shared.clock,
              *parts_.credential),
      uploads_(shared.clock, static_cast<size_t>(config_.max_uploads)),
      streamed_uploads_(state_.api(), shared.pool, uploads_, shared.spool, shared.clock, config_.max_upload_idle),
      follower_(state_.api(), shared.clock),
      requests_(shared.loop.executor(), shared.clock, IdempotencyStoreOptions(), journal_.get()),
      context_uploader_(state_.api(), shared.context_roots, shared.pool, uploads_, shared.clock),
      images_(shared.pool, shared.context_roots, context_uploader_),
      info_(SetupOf(config_, parts_.api_url, shared), state_.api(), state_),
      dependencies_{state_.api(), state_, state_, shared.clock, shared.loop.executor(), follower_, requests_, images_},
      sandboxes_(dependencies_, limits.creates),
      snapshots_(dependencies_),
      build_logs_(dependencies_),
      volumes_(dependencies_),
      forwarding_(dependencies_),
      daytona_handlers_(sandboxes_, forwarding_),
      snapshot_handlers_(snapshots_),
      volume_handlers_(volumes_),
      build_handlers_(build_logs_, streamed_uploads_),
      daemon_handlers_(info_),
      handlers_{.daytona = &daytona_handlers_,
                .snapshots = &snapshot_handlers_,
                .volumes = &volume_handlers_,
                .builds = &build_handlers_,
                .daemon = &daemon_handlers_} {
  if (journal_ != nullptr) requests_.Restore(journal_->TakeStored());
}

Task<absl::Status> Backend::Ping(CallContext context) { return state_.api().Ping(std::move(context)); }

Task<absl::Status> Backend::WaitForMutations(CallContext context) {
  return state_.WaitForMutations(std::move(context));
}

void Backend::Start() {
  if (config_.events) events_.Start(state_);
}

void Backend::Stop() {
  events_.Stop();
  http_.Shutdown();
}

}  // namespace daytonad
