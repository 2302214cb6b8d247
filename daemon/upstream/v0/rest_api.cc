#include "daemon/upstream/v0/rest_api.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/upstream/v0/codecs/sandbox_json.h"

namespace daytonad {
namespace {

constexpr std::chrono::hours kConfigLifetime(1);
// For a ping waits for it.
constexpr std::chrono::seconds kConfigLimit(5);
// A longer window is not believed.
constexpr int32_t kMaxWindowSeconds = 86400;

struct RateLimit {
  std::string_view throttler;
  int32_t requests = 0;
  std::chrono::seconds window{};
};

// What the daemon uses of GET /config.
struct Config {
  std::vector<RateLimit> rate_limits;
};

absl::StatusOr<Config> ReadConfigJson(const Json& json) {
  constexpr std::pair<std::string_view, std::string_view> kMembers[] = {
      {"authenticated", kGeneralThrottler},
      {"sandboxCreate", kCreateThrottler},
      {"sandboxLifecycle", kLifecycleThrottler},
  };
  Config config;
  const Json* limits = JsonFields(json).Find("rateLimit");
  if (limits == nullptr) return config;
  for (const auto& [member, throttler] : kMembers) {
    const Json* entry = JsonFields(*limits).Find(member);
    if (entry == nullptr) continue;
    const int32_t requests = JsonFields(*entry).Int32("limit").value_or(0);
    const int32_t seconds = JsonFields(*entry).Int32("ttl").value_or(0);
    if (requests <= 0 || seconds <= 0 || seconds > kMaxWindowSeconds) continue;
    config.rate_limits.push_back({throttler, requests, std::chrono::seconds(seconds)});
  }
  return config;
}

}  // namespace

RestApi::RestApi(RestApiOptions options, HttpClient& http, Clock& clock, CredentialSource& credentials,
                 const TrustedOrigins& trusted_origins, RandomFraction random)
    : default_target_(std::move(options.default_target)),
      http_(http),
      clock_(clock),
      random_(random),
      client_(std::move(options.client), http, clock, credentials, trusted_origins, std::move(random)) {}

Task<absl::Status> RestApi::Ping(CallContext context) {
  // The cheapest request that needs the credential but no permission, for API keys and tokens alike.
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"sandbox"});
  request.AddQuery("limit", "1");
  const absl::StatusOr<SandboxPage> page = co_await client_.Fetch(context, std::move(request), ReadSandboxPage);
  if (page.ok()) co_await ReadConfig(std::move(context));
  co_return page.status();
}

Task<void> RestApi::ReadConfig(CallContext context) {
  const Clock::TimePoint now = clock_.Now();
  if (config_read_at_ != Clock::TimePoint::min() && now - config_read_at_ < kConfigLifetime) co_return;
  config_read_at_ = now;
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"config"});
  request.CountedAgainst(kAnonymousThrottler);
  const absl::StatusOr<Config> config =
      co_await client_.Fetch(context.WithDeadline(now + kConfigLimit), std::move(request), ReadConfigJson);
  if (!config.ok()) {
    config_read_at_ = Clock::TimePoint::min();
    co_return;
  }
  for (const RateLimit& limit : config->rate_limits) {
    client_.SupposeRateLimit(limit.throttler, limit.requests, limit.window);
  }
}

}  // namespace daytonad
