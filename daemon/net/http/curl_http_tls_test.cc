// HttpClient over TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/net/http/curl_http_client.h"
#include "daemon/net/testing/http_client_fixture.h"
#include "daemon/net/testing/test_certificates.h"
#include "daemon/net/testing/test_http_server.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;
using Server = TestHttpServer;

class CurlHttpTlsTest : public HttpClientFixture {
 protected:
  CurlHttpTlsTest() {
    std::string pattern = ::testing::TempDir() + "daytonad-tls-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    certificates_ = TestCertificates::Make(directory_);
  }
  ~CurlHttpTlsTest() override { std::filesystem::remove_all(directory_); }

  Server::TlsFiles ServerFiles() const { return {certificates_.certificate_file, certificates_.key_file}; }

  static Server::Script Ok(const Server::Request&) { return {Server::Answer(200, "secret greetings")}; }

  std::string directory_;
  TestCertificates certificates_;
};

TEST_F(CurlHttpTlsTest, AConfiguredAuthorityIsTrusted) {
  Server server(Ok, ServerFiles());
  HttpClientOptions options;
  options.ca_file = certificates_.ca_file;
  MakeClient(options);
  for (int i = 0; i < 3; ++i) {
    const auto response = Send(Get(server.Url("/")));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, "secret greetings");
  }
  EXPECT_EQ(server.stats().accepted, 1);
}

// A create may hold its connection for half a minute: the others must not wait for its answer to learn what the peer
// speaks.
TEST_F(CurlHttpTlsTest, RequestsOverHttp1GetAConnectionEachBeforeAnyAnswer) {
  Server server(
      [](const Server::Request&) -> Server::Script {
        return {Server::Gate{"go"}, Server::Answer(200, "ok")};
      },
      ServerFiles());
  HttpClientOptions options;
  options.ca_file = certificates_.ca_file;
  MakeClient(options);
  std::vector<std::future<absl::StatusOr<HttpResponse>>> responses;
  for (int i = 0; i < 40; ++i) {
    HttpRequest request = Post(server.Url("/sandbox"), "{}");
    request.pool = ConnectionPool::kCreates;
    responses.push_back(Start(client_->Send(CallContext::Background("test"), std::move(request))));
  }
  EXPECT_TRUE(server.WaitUntil([](const Server::Stats& stats) { return stats.in_progress == 40; }));
  server.OpenGate("go");
  for (auto& response : responses) EXPECT_TRUE(response.get().ok());
}

TEST_F(CurlHttpTlsTest, AnUnknownAuthorityIsRefusedBeforeAnythingIsSent) {
  Server server(Ok, ServerFiles());
  HttpRequest request = Get(server.Url("/"));
  request.bearer = Secret(std::string("dtn_secret"));
  const auto response = Send(std::move(request));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_TLS_FAILED");
  EXPECT_EQ(DeliveryOf(response.status()), Delivery::kNotSent);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("certificate"));
  EXPECT_EQ(server.stats().requests, 0);
}

TEST_F(CurlHttpTlsTest, ACertificateForAnotherHostIsRefused) {
  Server server(Ok, ServerFiles());
  HttpClientOptions options;
  options.ca_file = certificates_.ca_file;
  MakeClient(options);
  const auto response = Send(Get("https://localhost:" + std::to_string(server.port()) + "/"));
  EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_TLS_FAILED");
  EXPECT_EQ(server.stats().requests, 0);
}

TEST_F(CurlHttpTlsTest, AMissingAuthorityFileIsNamedAsTheReason) {
  HttpClientOptions options;
  options.ca_file = directory_ + "/missing.pem";
  MakeClient(options);
  Server server(Ok, ServerFiles());
  const auto response = Send(Get(server.Url("/")));
  EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_TLS_FAILED");
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("missing.pem"));
}

TEST_F(CurlHttpTlsTest, TlsSpokenToAPlainServerFailsClearly) {
  Server server(Ok);
  const auto response = Send(
      Get("https://127.0.0.1:" + std::to_string(server.port()) + "/"),
      CallContext::Background("test").WithDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(200)));
  // This server waits for the end of a request line that never comes.
  EXPECT_EQ(DeliveryOf(response.status()), Delivery::kNotSent);
}

}  // namespace
}  // namespace daytonad
