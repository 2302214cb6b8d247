#ifndef DAYTONAD_DAEMON_UPSTREAM_TESTING_REST_API_FIXTURE_H_
#define DAYTONAD_DAEMON_UPSTREAM_TESTING_REST_API_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/upstream/testing/fake_http_client.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {

// A RestApi at http://api.test/api over a scripted HTTP client and a fake clock. Its API key may also be sent to
// http://logs.test:4000.
class RestApiFixture : public testing::Test {
 protected:
  RestApiFixture() { api_ = NewApi(); }

  std::unique_ptr<RestApi> NewApi() {
    RestApiOptions options(*BaseUrl::Parse("http://api.test/api"));
    options.default_target = "us";
    return std::make_unique<RestApi>(std::move(options), http_, clock_, credentials_, origins_, [] { return 0.5; });
  }

  template <typename T>
  T Run(Task<T> task) {
    return RunTask(io_, std::move(task));
  }

  CallContext context_ = CallContext::Background("test");
  boost::asio::io_context io_{1};
  FakeClock clock_;
  FakeHttpClient http_{clock_};
  StaticCredential credentials_{*MakeCredential({"KEY", "", ""})};
  TrustedOrigins origins_ = *TrustedOrigins::Make(*BaseUrl::Parse("http://api.test/api"), {"http://logs.test:4000"});
  std::unique_ptr<RestApi> api_;
};

// An error's body as Daytona writes it.
inline std::string Envelope(int status, const std::string& message) {
  const Json body = {{"path", "/api/x"},
                     {"timestamp", "2026-11-21T20:35:48.642Z"},
                     {"statusCode", status},
                     {"error", "Phrase"},
                     {"message", message}};
  return body.dump();
}

// The body of a request as JSON.
inline Json BodyOf(const HttpRequest& request) { return Json::parse(request.body); }

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_TESTING_REST_API_FIXTURE_H_
