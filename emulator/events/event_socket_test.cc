// Event connections over real sockets, with a third-party WebSocket client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "emulator/base/json.h"
#include "emulator/emulator.h"

namespace daytonad::emulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using namespace std::chrono_literals;
using testing::StartsWith;

// Blocks; the test's time limit bounds it.
class WebSocketClient {
 public:
  explicit WebSocketClient(std::uint16_t port) {
    stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream_.handshake("localhost", "/api/socket.io/?EIO=4&transport=websocket", error_);
  }

  std::string Read() {
    beast::flat_buffer buffer;
    stream_.read(buffer, error_);
    return beast::buffers_to_string(buffer.data());
  }
  // The next event, as [name, payload].
  Json ReadEvent() {
    const std::string frame = Read();
    return frame.starts_with("42") ? Json::parse(frame.substr(2)) : Json(frame);
  }
  void Write(const std::string& text) { stream_.write(asio::buffer(text), error_); }
  void Join(const std::string& key = "emulator-key") {
    EXPECT_THAT(Read(), StartsWith("0{"));
    Write(absl::StrCat(R"(40{"token":")", key, R"("})"));
    EXPECT_THAT(Read(), StartsWith("40{"));
  }
  void Ping() { stream_.ping("x", error_); }
  beast::error_code error() const { return error_; }

 private:
  asio::io_context io_;
  beast::websocket::stream<asio::ip::tcp::socket> stream_{io_};
  beast::error_code error_;
};

EmulatorOptions Options() {
  EmulatorOptions options;
  options.port = 0;
  options.delays.create = 1ms;
  return options;
}

class EventSocketTest : public testing::Test {
 protected:
  explicit EventSocketTest(EmulatorOptions options = Options()) : emulator_(std::move(options)) {}
  void SetUp() override { ASSERT_TRUE(emulator_.Start().ok()); }

  Json Ask(http::verb method, const std::string& target, const std::string& body = "") {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), emulator_.port()});
    http::request<http::string_body> request(method, target, 11, body);
    request.set(http::field::authorization, "Bearer emulator-key");
    request.set(http::field::content_type, "application/json");
    request.prepare_payload();
    http::write(socket, request);
    beast::flat_buffer buffer;
    http::response<http::string_body> answer;
    http::read(socket, buffer, answer);
    return answer.body().empty() ? Json() : Json::parse(answer.body());
  }
  std::string Create(const std::string& name) {
    return Ask(http::verb::post, "/api/sandbox", ToText({{"name", name}}))["id"];
  }
  Json Control(const std::string& changes) { return Ask(http::verb::post, "/_emulator/events", changes); }

  Emulator emulator_;
};

TEST_F(EventSocketTest, AThirdPartyWebSocketClientGetsASandboxsEvents) {
  WebSocketClient client(emulator_.port());
  client.Join();
  const std::string id = Create("a");
  EXPECT_EQ(client.ReadEvent()[1]["id"], id);
  EXPECT_EQ(client.ReadEvent()[1]["newState"], "creating");
  client.Ping();
  EXPECT_EQ(client.ReadEvent()[1]["sandbox"]["state"], "started");
  const Json counters = Ask(http::verb::get, "/_emulator/events");
  EXPECT_EQ(counters["connections"], 1);
  EXPECT_EQ(counters["accepted"], 1);
  EXPECT_EQ(counters["sent"], 3);
  EXPECT_EQ(Ask(http::verb::get, "/_emulator/connections")["inProgress"], 0);
}

TEST_F(EventSocketTest, IsRecordedWithStatus101) {
  WebSocketClient client(emulator_.port());
  client.Join();
  const Json requests = Ask(http::verb::get, "/_emulator/requests")["requests"];
  EXPECT_EQ(requests[0]["path"], "/api/socket.io/");
  EXPECT_EQ(requests[0]["status"], 101);
}

TEST_F(EventSocketTest, ACutIsAReset) {
  WebSocketClient client(emulator_.port());
  client.Join();
  Control(R"({"cut":true})");
  client.Read();
  EXPECT_EQ(client.error(), asio::error::connection_reset);
}

TEST_F(EventSocketTest, ARevokedKeyClosesTheConnection) {
  WebSocketClient client(emulator_.port());
  client.Join();
  Ask(http::verb::post, "/_emulator/keys", R"({"accept":["k2"],"revoke":["emulator-key"]})");
  EXPECT_EQ(client.Read(), "41");
  client.Read();
  EXPECT_EQ(client.error(), beast::websocket::error::closed);
  WebSocketClient next(emulator_.port());
  next.Join("k2");
}

TEST_F(EventSocketTest, AClientThatGoesAwayIsForgotten) {
  { WebSocketClient(emulator_.port()).Join(); }
  while (Ask(http::verb::get, "/_emulator/events")["connections"] != 0) std::this_thread::yield();
  EXPECT_EQ(Ask(http::verb::get, "/_emulator/connections")["clientsGone"], 0);
}

TEST_F(EventSocketTest, ForcesManySandboxesAtOnceAndReportsWhen) {
  for (int i = 0; i < 300; ++i) Create(absl::StrCat("s", i));
  WebSocketClient client(emulator_.port());
  client.Join();
  const Json answer = Ask(http::verb::post, "/_emulator/sandboxes", R"({"all":true,"state":"stopped","delay_ms":1})");
  EXPECT_EQ(answer["changed"], 300);
  EXPECT_LE(answer["beganNs"], answer["endedNs"]);
  for (int i = 0; i < 300; ++i) ASSERT_EQ(client.ReadEvent()[1]["newState"], "stopped");
  const Json one = Ask(http::verb::post, "/_emulator/sandboxes", R"({"ids":["s7"],"state":"started"})");
  EXPECT_EQ(one["changed"], 1);
  EXPECT_EQ(client.ReadEvent()[1]["sandbox"]["name"], "s7");
  EXPECT_EQ(Ask(http::verb::post, "/_emulator/sandboxes", R"({"ids":["x"],"state":"started"})")["statusCode"], 404);
  EXPECT_EQ(Ask(http::verb::post, "/_emulator/sandboxes", R"({"state":"started"})")["statusCode"], 400);
}

EmulatorOptions SmallBacklog() {
  EmulatorOptions options = Options();
  options.max_event_backlog = 1'000'000;
  return options;
}

class SmallBacklogTest : public EventSocketTest {
 protected:
  SmallBacklogTest() : EventSocketTest(SmallBacklog()) {}
};

TEST_F(SmallBacklogTest, DisconnectsAClientThatDoesNotRead) {
  WebSocketClient client(emulator_.port());
  client.Join();
  Create("a");
  for (int i = 0; Ask(http::verb::get, "/_emulator/events")["connections"] != 0; ++i) {
    Ask(http::verb::post, "/_emulator/sandboxes/a", ToText({{"state", absl::StrCat(i, std::string(500'000, 'x'))}}));
  }
  EXPECT_EQ(Ask(http::verb::get, "/_emulator/events")["connections"], 0);
}

}  // namespace
}  // namespace daytonad::emulator
