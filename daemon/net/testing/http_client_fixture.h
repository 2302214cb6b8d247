#ifndef DAYTONAD_DAEMON_NET_TESTING_HTTP_CLIENT_FIXTURE_H_
#define DAYTONAD_DAEMON_NET_TESTING_HTTP_CLIENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "daemon/base/call_context.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/event_loop.h"
#include "daemon/net/http/curl_http_client.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

// A loop with a client on it, used from the test's thread.
class HttpClientFixture : public ::testing::Test {
 protected:
  HttpClientFixture() {
    // Whoever runs the tests may have a proxy; the servers here are on loopback.
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      ::unsetenv(name);
    }
    MakeClient(HttpClientOptions());
  }

  ~HttpClientFixture() override {
    Run(ShutdownTask(client_.get()));
    loop_.Stop();
  }

  // Before the first request.
  void MakeClient(HttpClientOptions options) {
    client_ = std::make_unique<CurlHttpClient>(loop_.executor(), std::move(options));
  }

  // Starts a coroutine on the loop; the future has its value.
  template <typename T>
  std::future<T> Start(Task<T> task) {
    return StartTask(loop_.context(), std::move(task));
  }

  template <typename T>
  T Run(Task<T> task) {
    return Start(std::move(task)).get();
  }

  absl::StatusOr<HttpResponse> Send(HttpRequest request, CallContext context = CallContext::Background("test")) {
    return Run(client_->Send(std::move(context), std::move(request)));
  }

  static HttpRequest Request(HttpMethod method, std::string url, std::string body = "") {
    HttpRequest request;
    request.method = method;
    request.url = std::move(url);
    request.body = std::move(body);
    return request;
  }
  static HttpRequest Get(std::string url) { return Request(HttpMethod::kGet, std::move(url)); }
  static HttpRequest Post(std::string url, std::string body = "") {
    return Request(HttpMethod::kPost, std::move(url), std::move(body));
  }

  static Task<void> ShutdownTask(CurlHttpClient* client) {
    client->Shutdown();
    co_return;
  }

  EventLoop loop_{"test-client"};
  std::unique_ptr<CurlHttpClient> client_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_TESTING_HTTP_CLIENT_FIXTURE_H_
