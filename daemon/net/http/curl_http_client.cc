#include "daemon/net/http/curl_http_client.h"

#include <stdexcept>
#include <stop_token>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "daemon/net/http/curl_error.h"
#include "daemon/net/http/curl_transfer.h"

namespace daytonad {
namespace {

std::shared_ptr<CurlMulti> MakeMulti(const Executor& executor, size_t limit) {
  absl::StatusOr<std::unique_ptr<CurlMulti>> multi = CurlMulti::Make(executor, limit);
  if (!multi.ok()) throw std::runtime_error(std::string(multi.status().message()));
  return *std::move(multi);
}

// The transfer and the request that it points to.
class CurlHttpStream final : public HttpStream {
 public:
  CurlHttpStream(const Executor& executor, CurlHandles& handles, std::shared_ptr<CurlMulti> multi,
                 Admission::Permit permit, std::shared_ptr<BodyBudget> budget, HttpRequest request)
      : request_(std::move(request)),
        transfer_(executor, handles, std::move(multi), std::move(permit), std::move(budget), request_,
                  CurlTransfer::Body::kAsStream) {}

  CurlTransfer& transfer() { return transfer_; }

  int status() const override { return transfer_.status(); }
  const HttpHeaders& headers() const override { return transfer_.headers(); }

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    while (true) {
      if (std::string bytes = transfer_.TakeBody(); !bytes.empty()) co_return bytes;
      if (transfer_.finished() && transfer_.result().ok()) co_return std::string();
      if (transfer_.finished()) co_return transfer_.result();
      absl::Status waited = co_await transfer_.Wait(context);
      if (!waited.ok()) co_return WithDelivery(std::move(waited), Delivery::kUnknown);
    }
  }

 private:
  const HttpRequest request_;
  CurlTransfer transfer_;
};

}  // namespace

CurlHandleOptions HandleOptions(const HttpClientOptions& options) {
  CurlHandleOptions result;
  result.connect_timeout = options.connect_timeout;
  result.idle_lifetime = options.idle_lifetime;
  result.ca_file = options.ca_file;
  result.proxy = options.proxy;
  result.no_proxy = options.no_proxy;
  result.user_agent = options.user_agent;
  return result;
}

CurlHttpClient::Pool::Pool(const Executor& executor, size_t limit, std::chrono::milliseconds patience)
    : executor_(executor), limit_(limit), patience_(patience), admission_(limit), multi_(MakeMulti(executor, limit)) {}

std::shared_ptr<CurlMulti> CurlHttpClient::Pool::Connections() {
  if (!multi_->IsSuspect(patience_)) return multi_;
  absl::StatusOr<std::unique_ptr<CurlMulti>> fresh = CurlMulti::Make(executor_, limit_);
  if (!fresh.ok()) return multi_;
  Log(LogLevel::kInfo, "an upstream connection does not answer, new requests use another one");
  std::erase_if(left_, [](const std::weak_ptr<CurlMulti>& left) { return left.expired(); });
  left_.push_back(multi_);
  multi_ = *std::move(fresh);
  return multi_;
}

void CurlHttpClient::Pool::Shutdown(const absl::Status& reason) {
  admission_.Close(reason);
  multi_->Shutdown();
  for (const std::weak_ptr<CurlMulti>& left : left_) {
    if (const std::shared_ptr<CurlMulti> multi = left.lock()) multi->Shutdown();
  }
}

CurlHttpClient::CurlHttpClient(const Executor& executor, HttpClientOptions options)
    : executor_(executor),
      handles_(HandleOptions(options)),
      bodies_(std::make_shared<BodyBudget>(options.max_bodies)),
      stream_bodies_(std::make_shared<BodyBudget>(options.max_stream_bodies)),
      pools_{std::make_unique<Pool>(executor, options.max_calls, options.patience),
             std::make_unique<Pool>(executor, options.max_creates, options.patience_with_creates),
             std::make_unique<Pool>(executor, options.max_streams, options.patience),
             std::make_unique<Pool>(executor, options.max_storage, options.patience_with_creates)} {}

CurlHttpClient::~CurlHttpClient() { Shutdown(); }

void CurlHttpClient::Shutdown() {
  const absl::Status reason = WithDelivery(ClientShutDownError(), Delivery::kNotSent);
  for (const auto& pool : pools_) pool->Shutdown(reason);
}

Task<absl::StatusOr<HttpResponse>> CurlHttpClient::Send(CallContext context, HttpRequest request) {
  Pool& pool = PoolOf(request);
  absl::StatusOr<Admission::Permit> permit = co_await pool.admission().Acquire(context);
  if (!permit.ok()) co_return WithDelivery(permit.status(), Delivery::kNotSent);

  CurlTransfer transfer(executor_, handles_, pool.Connections(), *std::move(permit), bodies_, request,
                        CurlTransfer::Body::kWhole);
  if (absl::Status started = transfer.Start(); !started.ok()) co_return started;
  while (!transfer.finished()) {
    absl::Status waited = co_await transfer.Wait(context);
    if (absl::IsCancelled(waited) && request.irrevocable_once_sent && transfer.sending()) {
      context = context.Detached(context.deadline());  // no longer cancelled by its caller
    } else if (!waited.ok()) {
      transfer.End(waited);
    }
  }
  if (!transfer.result().ok()) co_return transfer.result();
  HttpResponse response;
  response.status = transfer.status();
  response.headers = std::move(transfer.headers());
  response.body = transfer.TakeBody();
  response.memory = transfer.share();
  co_return response;
}

Task<absl::StatusOr<std::unique_ptr<HttpStream>>> CurlHttpClient::Open(CallContext context, HttpRequest request) {
  Pool& pool = PoolOf(request);
  absl::StatusOr<Admission::Permit> permit = co_await pool.admission().Acquire(context);
  if (!permit.ok()) co_return WithDelivery(permit.status(), Delivery::kNotSent);

  auto stream = std::make_unique<CurlHttpStream>(executor_, handles_, pool.Connections(), *std::move(permit),
                                                 stream_bodies_, std::move(request));
  CurlTransfer& transfer = stream->transfer();
  if (absl::Status started = transfer.Start(); !started.ok()) co_return started;
  while (!transfer.headers_received() && !transfer.finished()) {
    absl::Status waited = co_await transfer.Wait(context);
    if (!waited.ok()) transfer.End(waited);
  }
  if (!transfer.headers_received()) co_return transfer.result();
  co_return std::unique_ptr<HttpStream>(std::move(stream));
}

}  // namespace daytonad
