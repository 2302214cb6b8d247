#ifndef DAYTONAD_DAEMON_UPSTREAM_TESTING_FAKE_HTTP_CLIENT_H_
#define DAYTONAD_DAEMON_UPSTREAM_TESTING_FAKE_HTTP_CLIENT_H_

#include <any>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/clock.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

// An HTTP client with a script: each request, sent or opened, gets the next answer of the script and is recorded. A
// request after the script's end fails with INTERNAL, "not in the script".
class FakeHttpClient : public HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  explicit FakeHttpClient(Clock& clock) : clock_(clock) {}

  // For Open, the body arrives in one piece.
  FakeHttpClient& Answer(int status, std::string body, const Headers& headers = {});
  // A body that was received before, and what was parsed from it.
  FakeHttpClient& AnswerAgain(std::string body, std::shared_ptr<std::any> reading);
  // The connection fails.
  FakeHttpClient& Fail(absl::Status error);
  // No answer until the deadline or cancellation.
  FakeHttpClient& StaySilent();

  // The unused answers of the script.
  void ForgetScript() { script_.clear(); }

  // "POST http://api.test/api/sandbox?force=true", one for each request so far.
  std::vector<std::string> Lines() const;
  const std::vector<HttpRequest>& requests() const { return requests_; }
  // The time until each request's deadline when it was made.
  const std::vector<Clock::Duration>& limits() const { return limits_; }

  Task<absl::StatusOr<HttpResponse>> Send(CallContext context, HttpRequest request) override;
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, HttpRequest request) override;

 private:
  struct Step {
    absl::StatusOr<HttpResponse> outcome;
    bool silent = false;
  };

  Clock& clock_;
  std::deque<Step> script_;
  std::vector<HttpRequest> requests_;
  std::vector<Clock::Duration> limits_;
};

// An error of the transport, as HttpClient gives it.
absl::Status ConnectionRefused();  // UNAVAILABLE, certainly not sent
absl::Status ConnectionLost();     // UNAVAILABLE, perhaps processed

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_TESTING_FAKE_HTTP_CLIENT_H_
