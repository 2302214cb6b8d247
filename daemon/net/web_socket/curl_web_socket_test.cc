// WebSockets over real sockets: plain, TLS, and through a proxy.
#include "daemon/net/web_socket/curl_web_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "daemon/base/call_context.h"
#include "daemon/base/error.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/event_loop.h"
#include "daemon/net/testing/test_certificates.h"
#include "daemon/net/testing/test_http_server.h"
#include "daemon/net/testing/test_proxy.h"
#include "daemon/net/testing/test_web_socket_server.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Server = TestWebSocketServer;
using Kind = Server::Kind;
using Seen = Server::Seen;
using Opened = absl::StatusOr<std::unique_ptr<WebSocket>>;

Server::Actions Echo(const std::string& message) {
  if (message.empty()) return {};
  return {{.kind = Kind::kText, .bytes = "you said " + message}};
}

Server::Actions Silence(const std::string&) { return {}; }

Server::Handler OnOpen(Server::Action action) {
  return [action](const std::string& message) -> Server::Actions {
    if (message.empty()) return {action};
    return {};
  };
}

class CurlWebSocketTest : public ::testing::Test {
 protected:
  CurlWebSocketTest() {
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      ::unsetenv(name);
    }
    std::string pattern = ::testing::TempDir() + "daytonad-ws-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    UseOptions(HttpClientOptions());
  }

  ~CurlWebSocketTest() override {
    Run(Clear(this));
    loop_.Stop();
    std::filesystem::remove_all(directory_);
  }

  void UseOptions(HttpClientOptions options) {
    connector_ = std::make_unique<CurlWebSocketConnector>(loop_.executor(), options);
  }

  template <typename T>
  std::future<T> Start(Task<T> task) {
    return StartTask(loop_.context(), std::move(task));
  }

  template <typename T>
  T Run(Task<T> task) {
    return Start(std::move(task)).get();
  }

  Opened Connect(std::string url, CallContext context = CallContext::Background("test")) {
    WebSocketRequest request;
    request.url = std::move(url);
    request.headers.Add("User-Agent", "a test");
    return Run(connector_->Connect(std::move(context), std::move(request)));
  }

  // Connects, and keeps what came of it as web_socket_.
  absl::Status Open(std::string url) {
    Opened opened = Connect(std::move(url));
    if (!opened.ok()) return opened.status();
    web_socket_ = *std::move(opened);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Read(CallContext context = CallContext::Background("test")) {
    return Run(web_socket_->Read(std::move(context)));
  }
  absl::Status Write(std::string_view text) { return Run(web_socket_->Write(CallContext::Background("test"), text)); }

  static Task<void> Clear(CurlWebSocketTest* test) {
    test->web_socket_.reset();
    co_return;
  }

  EventLoop loop_{"test-client"};
  std::string directory_;
  std::unique_ptr<CurlWebSocketConnector> connector_;
  std::unique_ptr<WebSocket> web_socket_;
};

TEST_F(CurlWebSocketTest, MessagesGoBothWays) {
  Server server(Echo);
  ASSERT_TRUE(Open(server.Url("/api/socket.io/?EIO=4")).ok());
  for (const char* text : {"a", "b"}) {
    ASSERT_TRUE(Write(text).ok());
    const auto answer = Read();
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(*answer, std::string("you said ") + text);
  }
  const std::string head = server.seen().heads.at(0);
  EXPECT_THAT(head, StartsWith("GET /api/socket.io/?EIO=4 HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("User-Agent: a test\r\n"));
  EXPECT_THAT(head, HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Sec-WebSocket-Extensions")));
}

TEST_F(CurlWebSocketTest, TheSchemesOfWebSocketsAreUnderstood) {
  Server server(Echo);
  EXPECT_TRUE(Open("ws://127.0.0.1:" + std::to_string(server.port())).ok());
  EXPECT_THAT(server.seen().heads.at(0), StartsWith("GET / HTTP/1.1\r\n"));
}

TEST_F(CurlWebSocketTest, LargeMessagesAndBurstsComeWhole) {
  const std::string large(1'000'000, 'x');
  Server server([&large](const std::string& message) -> Server::Actions {
    if (message.empty()) return {{.bytes = large}, {.bytes = std::string(700, 'y'), .times = 3000}, {.bytes = "end"}};
    return {};
  });
  ASSERT_TRUE(Open(server.Url("/")).ok());
  EXPECT_EQ(Read().value(), large);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(Read().value(), std::string(700, 'y'));
  EXPECT_EQ(Read().value(), "end");
  ASSERT_TRUE(Write(large).ok());
  EXPECT_TRUE(server.WaitUntil([](const Seen& seen) { return seen.messages.size() == 1; }));
  EXPECT_EQ(server.seen().messages[0], large);
}

TEST_F(CurlWebSocketTest, AMessageThatIsTooLargeEndsTheConnection) {
  Server server(OnOpen({.bytes = std::string((size_t{1} << 20) + 1, 'x')}));
  ASSERT_TRUE(Open(server.Url("/")).ok());
  EXPECT_EQ(ErrorReason(Read().status()), "WEB_SOCKET_CLOSED");
  EXPECT_EQ(ErrorReason(Read().status()), "WEB_SOCKET_CLOSED");
}

TEST_F(CurlWebSocketTest, ABinaryMessageEndsTheConnection) {
  Server server(OnOpen({.kind = Kind::kBinary, .bytes = "x"}));
  ASSERT_TRUE(Open(server.Url("/")).ok());
  EXPECT_EQ(ErrorReason(Read().status()), "WEB_SOCKET_CLOSED");
  EXPECT_TRUE(server.WaitUntil([](const Seen& seen) { return seen.closed == 1; }));
}

TEST_F(CurlWebSocketTest, TheEndOfTheConnectionIsSeen) {
  for (const Kind kind : {Kind::kClose, Kind::kDrop}) {
    Server server(OnOpen({.kind = kind}));
    ASSERT_TRUE(Open(server.Url("/")).ok());
    const absl::Status status = Read().status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(ErrorReason(status), "WEB_SOCKET_CLOSED");
    EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  }
}

TEST_F(CurlWebSocketTest, GarbageInsteadOfAFrameEndsTheConnection) {
  Server server(OnOpen({.kind = Kind::kRaw, .bytes = "\xff\xff\xff\xff garbage, not a frame"}));
  ASSERT_TRUE(Open(server.Url("/")).ok());
  EXPECT_EQ(ErrorReason(Read().status()), "WEB_SOCKET_CLOSED");
}

TEST_F(CurlWebSocketTest, ARefusedUpgradeTellsItsStatus) {
  Server server(Echo);
  for (const char* status : {"401", "404", "302"}) {
    server.Refuse(std::string("HTTP/1.1 ") + status +
                  " No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno");
    const absl::Status refused = Open(server.Url("/"));
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_EQ(ErrorReason(refused), "UPGRADE_REFUSED");
    EXPECT_EQ(ErrorMetadataValue(refused, "http_status"), status);
  }
}

TEST_F(CurlWebSocketTest, WhatIsNoHttpServerIsAClearError) {
  Server server(Echo);
  server.Refuse("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  EXPECT_EQ(ErrorReason(Open(server.Url("/"))), "WEB_SOCKET_CLOSED");
  std::string url;
  {
    Server gone(Echo);
    url = gone.Url("/");
  }
  EXPECT_EQ(ErrorReason(Open(url)), "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(ErrorReason(Open("ftp://127.0.0.1/")), "INVALID_URL");
}

TEST_F(CurlWebSocketTest, CancellationEndsAReadAtOnce) {
  Server server(Silence);
  ASSERT_TRUE(Open(server.Url("/")).ok());
  std::stop_source stop;
  auto reading = Start(web_socket_->Read(CallContext::Background("test").WithStopToken(stop.get_token())));
  loop_.Post([&stop] { stop.request_stop(); });
  EXPECT_TRUE(absl::IsCancelled(reading.get().status()));
  EXPECT_TRUE(server.WaitUntil([](const Seen& seen) { return seen.closed == 1; }));
}

TEST_F(CurlWebSocketTest, ADeadlineEndsARead) {
  Server server(OnOpen({.bytes = "one"}));
  ASSERT_TRUE(Open(server.Url("/")).ok());
  const auto far =
      CallContext::Background("test").WithDeadline(std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_EQ(Read(far).value(), "one");
  const auto soon =
      CallContext::Background("test").WithDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Read(soon).status()));
}

TEST_F(CurlWebSocketTest, CancellationEndsAWriteThatThePeerDoesNotTake) {
  Server server(OnOpen({.kind = Kind::kStall}));
  ASSERT_TRUE(Open(server.Url("/")).ok());
  std::stop_source stop;
  const std::string huge(size_t{64} << 20, 'x');
  auto writing = Start(web_socket_->Write(CallContext::Background("test").WithStopToken(stop.get_token()), huge));
  loop_.Post([&stop] { stop.request_stop(); });
  EXPECT_TRUE(absl::IsCancelled(writing.get()));
}

TEST_F(CurlWebSocketTest, CancellationEndsAConnectAtOnce) {
  // It neither speaks TLS nor answers an upgrade.
  TestHttpServer server(
      [](const TestHttpServer::Request&) -> TestHttpServer::Script { return {TestHttpServer::Hang()}; });
  for (const char* scheme : {"http", "https"}) {
    const int accepted = server.stats().accepted;
    std::stop_source stop;
    WebSocketRequest request;
    request.url = std::string(scheme) + "://127.0.0.1:" + std::to_string(server.port()) + "/";
    const CallContext context = CallContext::Background("test").WithStopToken(stop.get_token());
    auto connecting = Start(connector_->Connect(context, std::move(request)));
    EXPECT_TRUE(server.WaitUntil([&](const TestHttpServer::Stats& stats) {
      return stats.accepted > accepted && (accepted > 0 || stats.requests == 1);
    }));
    loop_.Post([&stop] { stop.request_stop(); });
    EXPECT_TRUE(absl::IsCancelled(connecting.get().status())) << scheme;
  }
}

TEST_F(CurlWebSocketTest, DestroyingItWhileItReadsAndWritesIsSafe) {
  Server server(OnOpen({.kind = Kind::kStall}));
  ASSERT_TRUE(Open(server.Url("/")).ok());
  const std::string huge(size_t{64} << 20, 'x');
  auto reading = Start(web_socket_->Read(CallContext::Background("test")));
  auto writing = Start(web_socket_->Write(CallContext::Background("test"), huge));
  Run(Clear(this));
  EXPECT_EQ(ErrorReason(reading.get().status()), "WEB_SOCKET_CLOSED");
  EXPECT_EQ(ErrorReason(writing.get()), "WEB_SOCKET_CLOSED");
}

TEST_F(CurlWebSocketTest, AWebSocketOutlivesItsConnector) {
  Server server(Echo);
  ASSERT_TRUE(Open(server.Url("/")).ok());
  connector_.reset();
  ASSERT_TRUE(Write("a").ok());
  EXPECT_EQ(Read().value(), "you said a");
}

TEST_F(CurlWebSocketTest, AProxyIsAskedToConnectAlsoToPlainServers) {
  TestProxy proxy;
  HttpClientOptions options;
  options.proxy = proxy.Url();
  UseOptions(options);
  Server server(Echo);
  const std::string authority = "daytona.test:" + std::to_string(server.port());
  ASSERT_TRUE(Open("http://" + authority + "/").ok());
  ASSERT_TRUE(Write("a").ok());
  EXPECT_EQ(Read().value(), "you said a");
  EXPECT_THAT(proxy.requests(), ElementsAre("CONNECT " + authority + " HTTP/1.1"));
  EXPECT_THAT(server.seen().heads.at(0), StartsWith("GET / HTTP/1.1\r\n"));
}

// user-pain: no-proxy-ignored
TEST_F(CurlWebSocketTest, NoProxyIgnoredTheEnvironmentsExceptionsCount) {
  TestProxy proxy;
  ::setenv("http_proxy", proxy.Url().c_str(), 1);
  ::setenv("NO_PROXY", "localhost,127.0.0.1", 1);
  Server server(Echo);
  EXPECT_TRUE(Open(server.Url("/")).ok());
  EXPECT_THAT(proxy.requests(), ElementsAre());
  ::unsetenv("NO_PROXY");
  EXPECT_TRUE(Open(server.Url("/")).ok());
  EXPECT_THAT(proxy.requests(), ElementsAre(HasSubstr("CONNECT 127.0.0.1:")));
  ::unsetenv("http_proxy");
}

class CurlWebSocketTlsTest : public CurlWebSocketTest {
 protected:
  CurlWebSocketTlsTest() {
    certificates_ = TestCertificates::Make(directory_);
    files_ = {certificates_.certificate_file, certificates_.key_file};
  }

  TestCertificates certificates_;
  TestHttpServer::TlsFiles files_;
};

TEST_F(CurlWebSocketTlsTest, MessagesGoBothWays) {
  HttpClientOptions options;
  options.ca_file = certificates_.ca_file;
  UseOptions(options);
  const std::string large(100'000, 'x');
  Server server(OnOpen({.bytes = large, .times = 30}), &files_);
  ASSERT_TRUE(Open(server.Url("/")).ok());
  for (int i = 0; i < 30; ++i) ASSERT_EQ(Read().value(), large);
  ASSERT_TRUE(Write(large).ok());
  EXPECT_TRUE(server.WaitUntil([](const Seen& seen) { return seen.messages.size() == 1; }));
  EXPECT_EQ(server.seen().messages[0], large);
}

TEST_F(CurlWebSocketTlsTest, AProxyIsPassedWithTls) {
  TestProxy proxy;
  HttpClientOptions options;
  options.ca_file = certificates_.ca_file;
  options.proxy = proxy.Url();
  UseOptions(options);
  Server server(Echo, &files_);
  ASSERT_TRUE(Open(server.Url("/")).ok());
  ASSERT_TRUE(Write("a").ok());
  EXPECT_EQ(Read().value(), "you said a");
  EXPECT_EQ(proxy.requests().size(), 1U);
}

TEST_F(CurlWebSocketTlsTest, AnUnknownAuthorityIsRefusedBeforeAnythingIsSent) {
  Server server(Echo, &files_);
  const absl::Status refused = Open(server.Url("/"));
  EXPECT_EQ(ErrorReason(refused), "UPSTREAM_TLS_FAILED");
  EXPECT_TRUE(server.seen().heads.empty());
}

}  // namespace
}  // namespace daytonad
