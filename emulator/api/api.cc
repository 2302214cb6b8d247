#include "emulator/api/api.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/log.h"
#include "emulator/api/routes.h"
#include "emulator/http/etag.h"

namespace daytonad::emulator {
namespace {

constexpr std::size_t kMaxBody = 102'400;

void AddRateLimitHeaders(Exchange& exchange, std::string_view throttler, const RateLimits::Verdict& verdict) {
  exchange.AddHeader(absl::StrCat("X-RateLimit-Limit-", AbslView(throttler)), absl::StrCat(verdict.limit));
  exchange.AddHeader(absl::StrCat("X-RateLimit-Remaining-", AbslView(throttler)), absl::StrCat(verdict.remaining));
  exchange.AddHeader(absl::StrCat("X-RateLimit-Reset-", AbslView(throttler)), absl::StrCat(verdict.reset_s));
}

}  // namespace

Api::Api(World& world)
    : world_(world),
      storage_routes_(world),
      rate_limits_(world.options.rate_limits),
      faults_(world.scheduler),
      gateway_(world) {
  AddAccountRoutes(api_routes_, world);
  AddSandboxRoutes(api_routes_, world);
  AddSandboxSettingRoutes(api_routes_, world);
  AddPreviewRoutes(api_routes_, world);
  AddSnapshotRoutes(api_routes_, world);
  AddVolumeRoutes(api_routes_, world);
  AddApiLogRoutes(api_routes_, world);
  AddProxyLogRoutes(proxy_routes_, world);
}

void Api::Handle(const std::shared_ptr<Exchange>& exchange) {
  if (StorageRoutes::Owns(exchange->request().Path())) return HandleStorage(exchange);
  if (gateway_.Owns(exchange->request().Path())) return HandleEvents(exchange);
  const Credential credential = CheckCredential(exchange->request());
  Begin(exchange, credential, [this, exchange, credential] { Serve(exchange, credential); });
}

void Api::HandleStorage(const std::shared_ptr<Exchange>& exchange) {
  const auto refusal = storage_routes_.Refusal(exchange->request());
  Begin(exchange, refusal.has_value() ? Credential::kRefused : Credential::kAccepted, [this, exchange, refusal] {
    if (refusal.has_value()) return storage_routes_.ReplyError(exchange, *refusal);
    storage_routes_.Serve(exchange);
  });
}

void Api::HandleEvents(const std::shared_ptr<Exchange>& exchange) {
  // Its credential comes later, over the connection.
  Begin(exchange, CheckCredential(exchange->request()), [this, exchange] { gateway_.Serve(exchange); });
}

void Api::Begin(const std::shared_ptr<Exchange>& exchange, Credential credential, std::function<void()> serve) {
  const auto entry = recorder_.Begin(exchange->shared_request(), credential, world_.scheduler.Now());
  exchange->OnAnswered([this, entry](int status) { recorder_.End(*entry, status); });
  faults_.Apply(exchange, std::move(serve));
}

BodyPlan Api::PlanBody(std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return {StorageRoutes::Owns(path), faults_.WatchBody(method, path)};
}

Credential Api::CheckCredential(const Request& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view header = request.Find("Authorization");
  if (header.empty()) return Credential::kNone;
  if (!header.starts_with(kBearer)) return Credential::kRefused;
  const std::string_view bearer = header.substr(kBearer.size());
  if (world_.credentials.IsApiKey(bearer)) return Credential::kAccepted;
  const bool has_organization = !request.Find("X-Daytona-Organization-ID").empty();
  return world_.credentials.IsJwt(bearer) && has_organization ? Credential::kAccepted : Credential::kRefused;
}

void Api::Serve(const std::shared_ptr<Exchange>& exchange, Credential credential) {
  const Request& request = exchange->request();
  Call call;
  call.exchange = exchange;
  call.scheduler = &world_.scheduler;

  const std::string& base_path = world_.options.base_path;
  std::string_view path = request.Path();
  const bool is_below = path.starts_with(base_path);
  if (is_below) path.remove_prefix(base_path.size());
  const bool api = is_below && path.starts_with('/');
  const Route* route = api ? api_routes_.Find(request.method, path, call.params)
                           : proxy_routes_.Find(request.method, request.Path(), call.params);
  if (!api && route == nullptr) return NoSuchPage(exchange);
  if (api) exchange->BeforeReply(ApplyEtag);
  const ApiError cannot = NotFound(absl::StrCat("Cannot ", request.method, " ", request.target));
  if (request.body.size() > kMaxBody) return call.ReplyError(cannot);
  if (!ReadBody(call)) return;
  exchange->AddHeader("X-Daytona-Api-Version", std::string(ToText(world_.options.api_version)));
  if (route == nullptr) return call.ReplyError(cannot);
  if (!Admit(*route, call, credential)) return;
  if (!request.Query().empty()) call.query = QueryParams(request.Query());
  try {
    route->handler(std::move(call));
  } catch (const std::exception& error) {
    // A handler did not expect the body's shape. The real server says no more, either.
    Log(LogLevel::kWarning, "cannot serve a request", {{"target", request.target}, {"error", error.what()}});
    exchange->Reply(ErrorResponse({500, "An unexpected error occurred."}, request.target, world_.scheduler.Now()));
  }
}

bool Api::ReadBody(Call& call) const {
  const Request& request = call.exchange->request();
  if (request.body.empty() || request.Find("Content-Type").find("json") == std::string_view::npos) return true;
  call.body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (!call.body.is_discarded() && (call.body.is_object() || call.body.is_array())) return true;
  call.Reply(400, {{"message", "Invalid JSON in request body"}, {"error", "Bad Request"}, {"statusCode", 400}});
  return false;
}

bool Api::Admit(const Route& route, const Call& call, Credential credential) {
  const WallTime now = world_.scheduler.Now();
  const std::string& target = call.exchange->request().target;
  if (route.access.key) {
    // After too many failures even a valid key is refused.
    const auto failures = rate_limits_.Peek("failed-auth", now);
    if (!failures.allowed) {
      call.exchange->Reply(TooManyRequests("failed-auth", failures.reset_s, target, now));
      return false;
    }
    if (credential != Credential::kAccepted) {
      const auto counted = rate_limits_.Take("failed-auth", now);
      if (counted.limited) AddRateLimitHeaders(*call.exchange, "failed-auth", counted);
      call.ReplyError({401, "Invalid credentials"});
      return false;
    }
  }
  const std::string_view throttler = route.access.throttler;
  const auto verdict = rate_limits_.Take(throttler, now);
  if (!verdict.allowed) {
    call.exchange->Reply(TooManyRequests(throttler, verdict.reset_s, target, now));
    return false;
  }
  if (verdict.limited) AddRateLimitHeaders(*call.exchange, throttler, verdict);
  return true;
}

void Api::NoSuchPage(const std::shared_ptr<Exchange>& exchange) const {
  // Outside the API the real server serves its dashboard: a wrong base URL gets HTML.
  Response response;
  response.status = 404;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::make_shared<const std::string>(absl::StrCat(
      "<!doctype html><title>Not found</title><p>The API is at ", world_.origin, world_.options.base_path, "\n"));
  exchange->Reply(std::move(response));
}

}  // namespace daytonad::emulator
