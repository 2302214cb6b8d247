#include "daemon/upstream/testing/fake_http_client.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

class FakeHttpStream : public HttpStream {
 public:
  explicit FakeHttpStream(HttpResponse response) : response_(std::move(response)) {}

  int status() const override { return response_.status; }
  const HttpHeaders& headers() const override { return response_.headers; }
  Task<absl::StatusOr<std::string>> Read(CallContext) override { co_return std::exchange(response_.body, ""); }

 private:
  HttpResponse response_;
};

}  // namespace

FakeHttpClient& FakeHttpClient::Answer(int status, std::string body, const Headers& headers) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  for (const auto& [name, value] : headers) response.headers.Add(name, value);
  script_.push_back({std::move(response)});
  return *this;
}

FakeHttpClient& FakeHttpClient::AnswerAgain(std::string body, std::shared_ptr<std::any> reading) {
  Answer(200, std::move(body));
  script_.back().outcome->reading = std::move(reading);
  return *this;
}

FakeHttpClient& FakeHttpClient::Fail(absl::Status error) {
  script_.push_back({std::move(error)});
  return *this;
}

FakeHttpClient& FakeHttpClient::StaySilent() {
  script_.push_back({absl::InternalError("not an answer"), /*silent=*/true});
  return *this;
}

std::vector<std::string> FakeHttpClient::Lines() const {
  std::vector<std::string> lines;
  for (const HttpRequest& request : requests_) {
    lines.push_back(absl::StrCat(AbslView(HttpMethodName(request.method)), " ", request.url));
  }
  return lines;
}

Task<absl::StatusOr<HttpResponse>> FakeHttpClient::Send(CallContext context, HttpRequest request) {
  requests_.push_back(std::move(request));
  limits_.push_back(context.deadline() - clock_.Now());
  if (script_.empty()) co_return absl::InternalError(absl::StrCat("not in the script: ", Lines().back()));
  Step step = std::move(script_.front());
  script_.pop_front();
  const bool sent = step.silent || step.outcome.ok() || DeliveryOf(step.outcome.status()) == Delivery::kUnknown;
  if (sent && requests_.back().when_sent) requests_.back().when_sent();
  if (!step.silent) co_return std::move(step.outcome);
  absl::Status slept = co_await clock_.Sleep(context, Clock::TimePoint::max() - clock_.Now());
  co_return WithDelivery(std::move(slept), Delivery::kUnknown);
}

Task<absl::StatusOr<std::unique_ptr<HttpStream>>> FakeHttpClient::Open(CallContext context, HttpRequest request) {
  absl::StatusOr<HttpResponse> response = co_await Send(context, std::move(request));
  if (!response.ok()) co_return response.status();
  co_return std::make_unique<FakeHttpStream>(*std::move(response));
}

absl::Status ConnectionRefused() {
  return WithDelivery(MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE", "Cannot reach api.test."),
                      Delivery::kNotSent);
}

absl::Status ConnectionLost() {
  return WithDelivery(
      MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_CONNECTION_LOST", "The connection to api.test was lost."),
      Delivery::kUnknown);
}

}  // namespace daytonad
