#include "daemon/net/http/curl_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdlib>
#include <future>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/net/testing/http_client_fixture.h"
#include "daemon/net/testing/test_http_server.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;
using Server = TestHttpServer;
using Stats = TestHttpServer::Stats;

class CurlHttpClientTest : public HttpClientFixture {
 protected:
  // Stop sources belong to the loop's thread.
  static Task<void> RequestStop(std::stop_source source) {
    source.request_stop();
    co_return;
  }
};

Server::Script Ok(const Server::Request&) { return {Server::Answer(200, "ok")}; }
Server::Script HangUp(const Server::Request&) { return {Server::Close{}}; }
Server::Script HangOn(const Server::Request&) { return {Server::Hang{}}; }

// A loopback port that refuses connections as long as this lives: bound, not listening.
class RefusingPort {
 public:
  RefusingPort() : socket_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {}
  std::string Url() { return "http://127.0.0.1:" + std::to_string(socket_.local_endpoint().port()) + "/"; }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
};

// A client is made while its loop runs on another thread: libcurl must not be called there before the first request.
TEST(NewCurlHttpClientTest, LeavesNothingToDoOnTheLoop) {
  boost::asio::io_context loop;
  const CurlHttpClient client(loop.get_executor(), HttpClientOptions());
  EXPECT_EQ(loop.poll(), 0U);
}

TEST_F(CurlHttpClientTest, ReusesItsConnection) {
  Server server(Ok);
  for (int i = 0; i < 3; ++i) {
    const auto response = Send(Get(server.Url("/sandbox?limit=1")));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "ok");
    EXPECT_EQ(response->headers.Get("content-LENGTH"), "2");
  }
  EXPECT_EQ(server.stats().accepted, 1);
  EXPECT_EQ(server.requests()[0].target, "/sandbox?limit=1");
}

TEST_F(CurlHttpClientTest, SendsEveryMethodWithAndWithoutBodyOverOneHandle) {
  Server server(Ok);
  const HttpMethod methods[] = {HttpMethod::kPost, HttpMethod::kGet,    HttpMethod::kPut,  HttpMethod::kHead,
                                HttpMethod::kGet,  HttpMethod::kDelete, HttpMethod::kPatch};
  for (const std::string body : {"", R"({"a":1})"}) {
    for (const HttpMethod method : methods) {
      if (method == HttpMethod::kHead && !body.empty()) continue;
      HttpRequest request = Request(method, server.Url("/x"), body);
      if (method == HttpMethod::kHead) request.max_body_bytes = 0;
      const auto response = Send(std::move(request));
      // This server answers HEAD with a body, like no real one: libcurl drops that connection, nothing more.
      ASSERT_TRUE(response.ok()) << HttpMethodName(method) << response.status();
      const Server::Request seen = server.requests().back();
      EXPECT_EQ(seen.method, HttpMethodName(method));
      EXPECT_EQ(seen.body, body);
    }
  }
}

TEST_F(CurlHttpClientTest, PostWithoutBodySaysSoAndClaimsNoType) {
  Server server(Ok);
  ASSERT_TRUE(Send(Post(server.Url("/sandbox/x/start"))).ok());
  const HttpHeaders headers = server.requests().at(0).headers;
  EXPECT_EQ(headers.Get("Content-Length"), "0");
  EXPECT_EQ(headers.Get("Content-Type"), "");
  EXPECT_EQ(headers.Get("Transfer-Encoding"), "");
}

TEST_F(CurlHttpClientTest, SendsHeadersAsGivenAndALargeBodyAtOnce) {
  Server server(Ok);
  HttpRequest request = Post(server.Url("/"), std::string(3 << 20, 'b'));
  request.headers.Add("Content-Type", "application/json");
  request.headers.Add("X-Daytona-Source", "daytonad");
  request.headers.Add("X-Empty", "");
  ASSERT_TRUE(Send(std::move(request)).ok());
  const Server::Request seen = server.requests().at(0);
  EXPECT_EQ(seen.body.size(), 3U << 20);
  EXPECT_EQ(seen.headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(seen.headers.Get("X-Daytona-Source"), "daytonad");
  EXPECT_EQ(seen.headers.Get("Expect"), "");
}

TEST_F(CurlHttpClientTest, HeadersOfOneRequestAreNotInTheNext) {
  Server server(Ok);
  HttpRequest request = Get(server.Url("/"));
  request.headers.Add("X-Once", "1");
  ASSERT_TRUE(Send(std::move(request)).ok());
  ASSERT_TRUE(Send(Get(server.Url("/"))).ok());
  EXPECT_EQ(server.requests().at(0).headers.Get("X-Once"), "1");
  EXPECT_EQ(server.requests().at(1).headers.Get("X-Once"), "");
}

TEST_F(CurlHttpClientTest, BearerIsSentWhenGivenAndOnlyThen) {
  Server server(Ok);
  HttpRequest request = Get(server.Url("/"));
  request.bearer = Secret(std::string("dtn_secret"));
  ASSERT_TRUE(Send(std::move(request)).ok());
  ASSERT_TRUE(Send(Get(server.Url("/"))).ok());
  EXPECT_EQ(server.requests().at(0).headers.Get("Authorization"), "Bearer dtn_secret");
  EXPECT_EQ(server.requests().at(1).headers.Get("Authorization"), "");
}

TEST_F(CurlHttpClientTest, RefusesHeadersThatWouldForgeOthers) {
  Server server(Ok);
  HttpRequest request = Get(server.Url("/"));
  request.headers.Add("X-Label", "a\r\nX-Forged: 1");
  const auto response = Send(std::move(request));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(response.status()), "INVALID_HEADER");
  HttpRequest with_key = Get(server.Url("/"));
  with_key.bearer = Secret(std::string("key\nX-Forged: 1"));
  const auto refused = Send(std::move(with_key));
  EXPECT_EQ(ErrorReason(refused.status()), "INVALID_HEADER");
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("Forged")));
  EXPECT_EQ(server.stats().accepted, 0);
}

TEST_F(CurlHttpClientTest, DecodesCompressedAnswers) {
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x48\xce\xcf\x2d\x28"
      "\x4a\x2d\x2e\x4e\x4d\x51\x28\xcf\x2f\xca\x49\x01\x00\x08\x9e\x34\x35\x17\x00\x00\x00",
      43);
  Server server([&](const Server::Request&) -> Server::Script {
    return {Server::Answer(200, gzip, "Content-Encoding: gzip\r\n")};
  });
  const auto response = Send(Get(server.Url("/")));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "hello, compressed world");
  EXPECT_THAT(std::string(server.requests().at(0).headers.Get("Accept-Encoding")), HasSubstr("gzip"));
}

TEST_F(CurlHttpClientTest, ReadsAChunkedAnswerWithTrailer) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::ChunkedHead(), Server::Chunk("ab"), Server::Chunk("cd"), Server::Send{"0\r\nX-Late: 1\r\n\r\n"}};
  });
  const auto response = Send(Get(server.Url("/")));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "abcd");
  EXPECT_EQ(response->headers.Get("X-Late"), "");
}

TEST_F(CurlHttpClientTest, PassesOverInterimAnswers) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::Send{"HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\n"},
            Server::Answer(201, "made", "X-Real: 1\r\n")};
  });
  const auto response = Send(Get(server.Url("/")));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->headers.Get("X-Hint"), "");
  EXPECT_EQ(response->headers.Get("X-Real"), "1");
}

TEST_F(CurlHttpClientTest, HttpErrorsAndRedirectsAreAnswers) {
  Server server([](const Server::Request& request) -> Server::Script {
    if (request.target == "/moved") return {Server::Answer(302, "", "Location: /elsewhere\r\n")};
    return {Server::Answer(503, "busy", "Retry-After: 3\r\n")};
  });
  const auto moved = Send(Get(server.Url("/moved")));
  ASSERT_TRUE(moved.ok());
  EXPECT_EQ(moved->status, 302);
  EXPECT_EQ(moved->headers.Get("location"), "/elsewhere");
  const auto busy = Send(Get(server.Url("/busy")));
  ASSERT_TRUE(busy.ok());
  EXPECT_EQ(busy->status, 503);
  EXPECT_EQ(busy->headers.Get("Retry-After"), "3");
  EXPECT_EQ(server.stats().requests, 2);
}

TEST_F(CurlHttpClientTest, AnswerAboveTheLimitIsRefused) {
  Server server([](const Server::Request&) -> Server::Script { return {Server::Answer(200, std::string(1001, 'x'))}; });
  HttpRequest request = Get(server.Url("/"));
  request.max_body_bytes = 1001;
  EXPECT_TRUE(Send(request).ok());
  request.max_body_bytes = 1000;
  const auto response = Send(request);
  EXPECT_EQ(response.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_ANSWER_TOO_LARGE");
}

TEST_F(CurlHttpClientTest, CancellationClosesTheConnection) {
  Server server(HangOn);
  std::stop_source source;
  auto response = Start(
      client_->Send(CallContext::Background("test").WithStopToken(source.get_token()), Post(server.Url("/"), "x")));
  ASSERT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.requests == 1; }));
  Run(RequestStop(source));
  const absl::Status status = response.get().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(DeliveryOf(status), Delivery::kUnknown);
  EXPECT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.hung_up == 1; }));
}

TEST_F(CurlHttpClientTest, DeadlineClosesTheConnection) {
  Server server(HangOn);
  const auto deadline = steady_clock::now() + milliseconds(50);
  const auto response = Send(Get(server.Url("/")), CallContext::Background("test").WithDeadline(deadline));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(steady_clock::now(), deadline);
  EXPECT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.closed == stats.accepted; }));
}

TEST_F(CurlHttpClientTest, ACallThatHasEndedAlreadySendsNothing) {
  Server server(Ok);
  const auto response = Send(Get(server.Url("/")), CallContext::Background("test").WithDeadline(steady_clock::now()));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(DeliveryOf(response.status()), Delivery::kNotSent);
  EXPECT_EQ(server.stats().accepted, 0);
}

TEST_F(CurlHttpClientTest, RefusedConnectionWasNotSent) {
  RefusingPort port;
  const auto response = Send(Post(port.Url(), "x"));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(DeliveryOf(response.status()), Delivery::kNotSent);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("Cannot reach 127.0.0.1:"));
}

TEST_F(CurlHttpClientTest, UnusableUrlIsAClearError) {
  for (const char* url : {"ftp://127.0.0.1/x", "http://", "http://a b/"}) {
    const auto response = Send(Get(url));
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(DeliveryOf(response.status()), Delivery::kNotSent) << url;
  }
}

TEST_F(CurlHttpClientTest, ConnectionClosedBeforeTheAnswerIsLostWithUnknownDelivery) {
  Server server(HangUp);
  const auto response = Send(Post(server.Url("/"), "x"));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_CONNECTION_LOST");
  EXPECT_EQ(DeliveryOf(response.status()), Delivery::kUnknown);
}

TEST_F(CurlHttpClientTest, AnswerCutInTheMiddleIsLost) {
  for (const bool reset : {false, true}) {
    Server server([reset](const Server::Request&) -> Server::Script {
      return {Server::Send{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"}, Server::Close{reset}};
    });
    const auto response = Send(Get(server.Url("/")));
    EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_CONNECTION_LOST");
    EXPECT_EQ(DeliveryOf(response.status()), Delivery::kUnknown);
  }
}

TEST_F(CurlHttpClientTest, AnswerCutWithinItsHeadIsLost) {
  for (const std::string head : {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-"}) {
    for (const bool reset : {false, true}) {
      Server server([&](const Server::Request&) -> Server::Script {
        return {Server::Send{head}, Server::Close{reset}};
      });
      const auto response = Send(Request(HttpMethod::kDelete, server.Url("/"), ""));
      EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_CONNECTION_LOST") << head;
      EXPECT_EQ(DeliveryOf(response.status()), Delivery::kUnknown);
    }
  }
}

// The peer reads the second request of a kept-alive connection and closes: did it process it or not?
Server::Script ReadsSecondRequestAndCloses(const Server::Request& request) {
  if (request.connection == 1 && request.target == "/second") return {Server::Close{}};
  return {Server::Answer(200, "ok")};
}

TEST_F(CurlHttpClientTest, MutationOnABrokenKeptConnectionIsNotRepeated) {
  for (const HttpMethod method : {HttpMethod::kPost, HttpMethod::kPut, HttpMethod::kPatch, HttpMethod::kDelete}) {
    for (const std::string body : {"", "x"}) {
      Server server(ReadsSecondRequestAndCloses);
      ASSERT_TRUE(Send(Get(server.Url("/first"))).ok());
      const auto response = Send(Request(method, server.Url("/second"), body));
      EXPECT_EQ(ErrorReason(response.status()), "UPSTREAM_CONNECTION_LOST") << HttpMethodName(method);
      EXPECT_EQ(DeliveryOf(response.status()), Delivery::kUnknown) << HttpMethodName(method);
      EXPECT_EQ(server.stats().requests, 2) << HttpMethodName(method);
    }
  }
}

TEST_F(CurlHttpClientTest, ReadOnABrokenKeptConnectionIsRepeated) {
  Server server(ReadsSecondRequestAndCloses);
  ASSERT_TRUE(Send(Get(server.Url("/first"))).ok());
  const auto response = Send(Get(server.Url("/second")));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(server.stats().requests, 3);
  EXPECT_EQ(server.stats().accepted, 2);
}

TEST_F(CurlHttpClientTest, MutationAfterThePeerClosedAnIdleConnectionGoesOverANewOne) {
  Server server([](const Server::Request&) -> Server::Script { return {Server::Answer(200, "ok"), Server::Close{}}; });
  for (int i = 1; i <= 3; ++i) {
    const auto response = Send(Post(server.Url("/"), "x"));
    ASSERT_TRUE(response.ok()) << response.status();
    ASSERT_TRUE(server.WaitUntil([i](const Stats& stats) { return stats.closed == i; }));
  }
  EXPECT_EQ(server.stats().requests, 3);
}

TEST_F(CurlHttpClientTest, IrrevocableRequestIsDeafToCancellationOnceSent) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::Gate{"answer"}, Server::Answer(200, "done")};
  });
  std::stop_source source;
  HttpRequest request = Post(server.Url("/"), "x");
  request.irrevocable_once_sent = true;
  auto response =
      Start(client_->Send(CallContext::Background("test").WithStopToken(source.get_token()), std::move(request)));
  ASSERT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.requests == 1; }));
  Run(RequestStop(source));
  server.OpenGate("answer");
  const auto answered = response.get();
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->body, "done");
}

TEST_F(CurlHttpClientTest, IrrevocableRequestStillEndsAtItsDeadline) {
  Server server(HangOn);
  HttpRequest request = Post(server.Url("/"), "x");
  request.irrevocable_once_sent = true;
  std::stop_source source;
  const auto deadline = steady_clock::now() + milliseconds(50);
  const auto response = Send(std::move(request),
                             CallContext::Background("test").WithDeadline(deadline).WithStopToken(source.get_token()));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CurlHttpClientTest, IrrevocableRequestThatStillQueuesIsCancelled) {
  HttpClientOptions options;
  options.max_calls = 1;
  MakeClient(options);
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::Gate{"answer"}, Server::Answer(200, "ok")};
  });
  auto first = Start(client_->Send(CallContext::Background("first"), Get(server.Url("/first"))));
  ASSERT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.requests == 1; }));
  std::stop_source source;
  HttpRequest request = Post(server.Url("/second"), "x");
  request.irrevocable_once_sent = true;
  auto second =
      Start(client_->Send(CallContext::Background("second").WithStopToken(source.get_token()), std::move(request)));
  Run(RequestStop(source));
  const absl::Status status = second.get().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(DeliveryOf(status), Delivery::kNotSent);
  server.OpenGate("answer");
  EXPECT_TRUE(first.get().ok());
  EXPECT_EQ(server.stats().requests, 1);
}

TEST_F(CurlHttpClientTest, ManyRequestsShareAFewConnections) {
  HttpClientOptions options;
  options.max_calls = 20;
  MakeClient(options);
  Server server(Ok);
  std::vector<std::future<absl::StatusOr<HttpResponse>>> responses;
  responses.reserve(300);
  for (int i = 0; i < 300; ++i) {
    responses.push_back(Start(client_->Send(CallContext::Background("test"), Get(server.Url("/")))));
  }
  for (auto& response : responses) EXPECT_TRUE(response.get().ok());
  const Stats stats = server.stats();
  EXPECT_EQ(stats.requests, 300);
  EXPECT_LE(stats.max_in_progress, 20);
  EXPECT_LE(stats.accepted, 20);
}

TEST_F(CurlHttpClientTest, PoolsDoNotStarveEachOther) {
  HttpClientOptions options;
  options.max_creates = 1;
  options.max_calls = 1;
  MakeClient(options);
  Server server([](const Server::Request& request) -> Server::Script {
    if (request.method == "POST") return {Server::Gate{"created"}, Server::Answer(200, "created")};
    return {Server::Answer(200, "ok")};
  });
  HttpRequest create = Post(server.Url("/sandbox"), "{}");
  create.pool = ConnectionPool::kCreates;
  auto created = Start(client_->Send(CallContext::Background("test"), std::move(create)));
  ASSERT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.requests == 1; }));
  EXPECT_TRUE(Send(Get(server.Url("/"))).ok());
  server.OpenGate("created");
  EXPECT_TRUE(created.get().ok());
}

TEST_F(CurlHttpClientTest, QueueingDoesNotCountAsConnecting) {
  HttpClientOptions options;
  options.max_calls = 1;
  options.connect_timeout = milliseconds(100);
  MakeClient(options);
  Server server([](const Server::Request& request) -> Server::Script {
    if (request.target == "/slow") return {Server::Hang{}};
    return {Server::Answer(200, "ok")};
  });
  const auto end = steady_clock::now() + milliseconds(300);
  auto slow = Start(client_->Send(CallContext::Background("slow").WithDeadline(end), Get(server.Url("/slow"))));
  auto next = Start(client_->Send(CallContext::Background("next"), Get(server.Url("/next"))));
  const auto answered = next.get();
  EXPECT_TRUE(answered.ok()) << answered.status();
  EXPECT_GE(steady_clock::now(), end);
  EXPECT_EQ(slow.get().status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CurlHttpClientTest, ConfiguredProxyIsUsed) {
  Server proxy(Ok);
  HttpClientOptions options;
  options.proxy = proxy.Url("");
  MakeClient(options);
  EXPECT_TRUE(Send(Get("http://daytona.invalid/api/sandbox")).ok());
  EXPECT_EQ(proxy.requests().at(0).target, "http://daytona.invalid/api/sandbox");
}

TEST_F(CurlHttpClientTest, HostsNamedInNoProxyAreReachedDirectly) {
  RefusingPort dead_proxy;
  Server server(Ok);
  HttpClientOptions options;
  options.proxy = dead_proxy.Url();
  options.no_proxy = "127.0.0.1,other.invalid";
  MakeClient(options);
  EXPECT_TRUE(Send(Get(server.Url("/"))).ok());
  EXPECT_EQ(ErrorReason(Send(Get("http://daytona.invalid/")).status()), "UPSTREAM_UNREACHABLE");
}

TEST_F(CurlHttpClientTest, ProxyAndItsExceptionsComeFromTheEnvironment) {
  Server proxy(Ok);
  Server direct(Ok);
  ::setenv("http_proxy", proxy.Url("").c_str(), 1);
  ::setenv("NO_PROXY", "127.0.0.1", 1);
  EXPECT_TRUE(Send(Get("http://daytona.invalid/")).ok());
  EXPECT_TRUE(Send(Get(direct.Url("/"))).ok());
  ::unsetenv("http_proxy");
  ::unsetenv("NO_PROXY");
  EXPECT_EQ(proxy.stats().requests, 1);
  EXPECT_EQ(direct.stats().requests, 1);
}

TEST_F(CurlHttpClientTest, ShutdownEndsWhatIsInFlightAndRefusesTheRest) {
  HttpClientOptions options;
  options.max_calls = 1;
  MakeClient(options);
  Server server(HangOn);
  auto running = Start(client_->Send(CallContext::Background("test"), Get(server.Url("/"))));
  auto queued = Start(client_->Send(CallContext::Background("test"), Get(server.Url("/"))));
  ASSERT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.requests == 1; }));
  Run(ShutdownTask(client_.get()));
  const absl::Status running_status = running.get().status();
  EXPECT_EQ(ErrorReason(running_status), "SHUTTING_DOWN");
  EXPECT_EQ(DeliveryOf(running_status), Delivery::kUnknown);
  const absl::Status queued_status = queued.get().status();
  EXPECT_EQ(ErrorReason(queued_status), "SHUTTING_DOWN");
  EXPECT_EQ(DeliveryOf(queued_status), Delivery::kNotSent);
  EXPECT_EQ(ErrorReason(Send(Get(server.Url("/"))).status()), "SHUTTING_DOWN");
  EXPECT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.hung_up == 1; }));
}

}  // namespace
}  // namespace daytonad
