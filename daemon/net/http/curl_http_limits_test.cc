// HttpClient and answers that are larger, or otherwise more, than anybody wants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/net/http/curl_http_client.h"
#include "daemon/net/testing/http_client_fixture.h"
#include "daemon/net/testing/test_http_server.h"

namespace daytonad {
namespace {

using Server = TestHttpServer;

constexpr size_t kMiB = size_t{1} << 20;

std::string Head(const std::string& headers) { return "HTTP/1.1 200 OK\r\n" + headers + "\r\n"; }

class CurlHttpLimitsTest : public HttpClientFixture {
 protected:
  static Server::Handler Answering(Server::Script script) {
    return [script = std::move(script)](const Server::Request&) { return script; };
  }
};

TEST_F(CurlHttpLimitsTest, TooManyHeadersAreAnErrorOfTheirOwn) {
  for (const Server::Send& flood : {Server::Send{"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"},
                                    Server::Send{"HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n"},
                                    Server::Send{"HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x')},
                                    Server::Send{"HTTP/1.1 102 Processing\r\n\r\n", 10'000}}) {
    Server server(Answering({flood, Server::Hang{}}));
    const auto response = Send(Get(server.Url("/")));
    EXPECT_EQ(response.status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_HEADERS_TOO_LARGE") << response.status();
    EXPECT_EQ(DeliveryOf(response.status()), Delivery::kUnknown);
    EXPECT_EQ(server.stats().requests, 1);
  }
}

TEST_F(CurlHttpLimitsTest, HeadersThatARealServerSendsPass) {
  std::string headers = "Content-Length: 2\r\n";
  for (int i = 0; i < 100; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(300, 'x') + "\r\n";
  Server server(Answering({Server::Send{Head(headers) + "ok"}}));
  const auto response = Send(Get(server.Url("/")));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->headers.entries().size(), 101U);
}

TEST_F(CurlHttpLimitsTest, OfAnErrorTheBeginningIsEnough) {
  Server server(Answering({Server::Send{"HTTP/1.1 503 Busy\r\nContent-Length: 100000000\r\n\r\n"},
                           Server::Send{std::string(kMiB, 'x')}, Server::Hang{}}));
  const auto response = Send(Get(server.Url("/")));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body, std::string(kMaxErrorBody, 'x'));
}

TEST_F(CurlHttpLimitsTest, OnlyWhatWasAskedForIsDecoded) {
  for (const char* encoding : {"br", "zstd", "gzip, gzip", "compress"}) {
    Server server(Answering({Server::Answer(200, "x", std::string("Content-Encoding: ") + encoding + "\r\n")}));
    EXPECT_EQ(ErrorReason(Send(Get(server.Url("/"))).status()), "UPSTREAM_FOREIGN_ANSWER") << encoding;
    EXPECT_EQ(server.requests()[0].headers.Get("Accept-Encoding"), "gzip, deflate");
  }
}

// Large answers that wait for their end leave place for small ones, and give their own back.
TEST_F(CurlHttpLimitsTest, AllBodiesTogetherAreLimited) {
  HttpClientOptions options;
  options.max_bodies = 3 * kMiB;
  MakeClient(options);
  Server server([](const Server::Request& request) -> Server::Script {
    if (request.target == "/small") return {Server::Answer(200, std::string(10'000, 'x'))};
    return {Server::Send{Head("Content-Length: 2000000\r\n")}, Server::Send{std::string(1'500'000, 'x')},
            Server::Gate{"go"}, Server::Send{std::string(500'000, 'x')}};
  });
  std::vector<std::future<absl::StatusOr<HttpResponse>>> large;
  for (int i = 0; i < 2; ++i) {
    HttpRequest request = Get(server.Url("/large"));
    request.max_body_bytes = 2 * kMiB;
    large.push_back(Start(client_->Send(CallContext::Background("test"), std::move(request))));
  }
  const auto is_there = [](auto& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  // One of them has no place for its second half.
  while (!is_there(large[0]) && !is_there(large[1])) std::this_thread::yield();
  EXPECT_TRUE(Send(Get(server.Url("/small"))).ok());
  server.OpenGate("go");
  const auto first = large[0].get();
  const auto second = large[1].get();
  EXPECT_NE(first.ok(), second.ok());
  const absl::Status refused = first.ok() ? second.status() : first.status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(refused), "DAEMON_EXHAUSTED");
}

}  // namespace
}  // namespace daytonad
