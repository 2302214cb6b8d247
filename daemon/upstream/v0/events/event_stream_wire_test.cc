// The event stream over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/auth/credential_source.h"
#include "daemon/net/asio_clock.h"
#include "daemon/net/event_loop.h"
#include "daemon/net/testing/test_proxy.h"
#include "daemon/net/testing/test_web_socket_server.h"
#include "daemon/net/web_socket/curl_web_socket.h"
#include "daemon/upstream/testing/recording_sink.h"
#include "daemon/upstream/v0/events/event_stream.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Server = TestWebSocketServer;
using Kind = Server::Kind;
using Seen = Server::Seen;

constexpr char kOpen[] = R"(0{"sid":"s","pingInterval":25000,"pingTimeout":20000})";
constexpr char kSandbox[] = R"(42["sandbox.created",{"id":"i","name":"n","state":"started"}])";

// Lets everybody in, and ends what it sends with a ping, so that the pong tells that all was read.
Server::Actions LetIn(const std::string& message) {
  if (message.empty()) return {{.bytes = kOpen}};
  if (message.rfind("40", 0) == 0)
    return {{.bytes = R"(40{"sid":"t"})"}, {.bytes = kSandbox, .times = 1000}, {.bytes = "2"}};
  return {};
}

class EventStreamWireTest : public ::testing::Test {
 protected:
  EventStreamWireTest() {
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      ::unsetenv(name);
    }
    Credential credential;
    credential.token = Secret(std::string("dtn_secret"));
    credential_ = std::make_unique<StaticCredential>(credential);
    sink_.on_line = [this] {
      const std::lock_guard lock(mutex_);
      lines_.push_back(sink_.lines.back());
      changed_.notify_all();
    };
  }

  ~EventStreamWireTest() override {
    loop_.Post([this] { stream_->Stop(); });
    loop_.Stop();
  }

  void Start(const std::string& api_url, const HttpClientOptions& http = HttpClientOptions()) {
    EventStreamOptions options(BaseUrl::Parse(api_url).value());
    options.first_delay = std::chrono::milliseconds(1);
    options.max_delay = std::chrono::milliseconds(10);
    connector_ = std::make_unique<CurlWebSocketConnector>(loop_.executor(), http);
    stream_ = std::make_unique<EventStream>(loop_.executor(), std::move(options), *connector_, clock_, *credential_);
    loop_.Post([this] { stream_->Start(sink_); });
  }

  using Lines = std::vector<std::string>;
  bool WaitUntil(const std::function<bool(const Lines&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(lines_); });
  }

  EventLoop loop_{"test-events"};
  AsioClock clock_;
  std::unique_ptr<StaticCredential> credential_;
  std::unique_ptr<CurlWebSocketConnector> connector_;
  std::unique_ptr<EventStream> stream_;
  RecordingSink sink_;  // on the loop
  std::mutex mutex_;
  std::condition_variable changed_;
  Lines lines_;
};

TEST_F(EventStreamWireTest, ABurstOfEventsArrivesAndThePingIsAnswered) {
  Server server(LetIn);
  Start(server.Url("/api"));
  EXPECT_TRUE(server.WaitUntil([](const Seen& seen) { return seen.messages.size() == 2; }));
  EXPECT_TRUE(WaitUntil([](const Lines& lines) { return lines.size() == 1001; }));
  EXPECT_THAT(server.seen().messages, ElementsAre(R"(40{"token":"dtn_secret"})", "3"));
  const std::string head = server.seen().heads.at(0);
  EXPECT_THAT(head, HasSubstr("GET /api/socket.io/?source=daytonad&sdkVersion="));
  EXPECT_THAT(head, Not(HasSubstr("Authorization")));
  EXPECT_THAT(head, Not(HasSubstr("dtn_secret")));
}

TEST_F(EventStreamWireTest, AnEventStreamThatIsCutComesBack) {
  Server server([](const std::string& message) -> Server::Actions {
    if (message.empty()) return {{.bytes = kOpen}};
    return {{.bytes = R"(40{"sid":"t"})"}, {.bytes = kSandbox}, {.kind = Kind::kDrop}};
  });
  Start(server.Url("/api"));
  EXPECT_TRUE(WaitUntil([](const Lines& lines) { return std::ranges::count(lines, "up") >= 3; }));
  EXPECT_TRUE(WaitUntil([](const Lines& lines) {
    return std::ranges::count(lines, "sandbox n started/") >= 3 && std::ranges::count(lines, "down") >= 3;
  }));
}

// user-pain: bearer-to-any-url
TEST_F(EventStreamWireTest, BearerToAnyUrlARedirectionIsNotFollowed) {
  Server elsewhere(LetIn);
  Server server(LetIn);
  server.Refuse("HTTP/1.1 302 Found\r\nLocation: " + elsewhere.Url("/api/socket.io/") +
                "\r\nContent-Length: 0\r\n\r\n");
  Start(server.Url("/api"));
  EXPECT_TRUE(server.WaitUntil([](const Seen& seen) { return seen.closed == 1; }));
  EXPECT_TRUE(elsewhere.seen().heads.empty());
  EXPECT_TRUE(server.seen().messages.empty());
}

TEST_F(EventStreamWireTest, AProxyThatIsConfiguredIsUsed) {
  TestProxy proxy;
  Server server(LetIn);
  HttpClientOptions http;
  http.proxy = proxy.Url();
  Start("http://daytona.test:" + std::to_string(server.port()) + "/api", http);
  EXPECT_TRUE(WaitUntil([](const Lines& lines) { return !lines.empty(); }));
  EXPECT_EQ(proxy.requests().size(), 1U);
}

}  // namespace
}  // namespace daytonad
