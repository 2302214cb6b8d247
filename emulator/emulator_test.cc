#include "emulator/emulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdio>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/json.h"

namespace daytonad::emulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;
using testing::HasSubstr;

using Answer = http::response<http::string_body>;

// A blocking client on one connection.
class Client {
 public:
  explicit Client(std::uint16_t port) { socket_.connect({asio::ip::address_v4::loopback(), port}); }

  void Write(std::string_view method, std::string_view target, std::string_view body = "") {
    WriteRaw(absl::StrCat(
        AbslView(method), " ", AbslView(target), " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer emulator-key\r\n",
        "Content-Type: application/json\r\nContent-Length: ", body.size(), "\r\n\r\n", AbslView(body)));
  }
  void WriteRaw(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }

  Answer Read() {
    Answer answer;
    http::read(socket_, buffer_, answer, error_);
    return answer;
  }
  Answer Send(std::string_view method, std::string_view target, std::string_view body = "") {
    Write(method, target, body);
    return Read();
  }
  std::string ReadSome() {
    std::string bytes(4096, '\0');
    bytes.resize(socket_.read_some(asio::buffer(bytes), error_));
    return bytes;
  }
  bool failed() const { return error_.failed(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
  boost::beast::flat_buffer buffer_;
  boost::system::error_code error_;
};

class EmulatorTest : public testing::Test {
 protected:
  EmulatorTest() : emulator_(Options()) {}
  void SetUp() override { ASSERT_TRUE(emulator_.Start().ok()); }

  ~EmulatorTest() override { std::remove(RecordFile().c_str()); }

  static std::string RecordFile() { return absl::StrCat(testing::TempDir(), "/emulator_test_", ::getpid(), ".jsonl"); }

  static EmulatorOptions Options() {
    EmulatorOptions options;
    options.port = 0;
    options.record_file = RecordFile();
    options.delays = {.create = 1ms, .queue = 1ms, .build = 20ms, .accept = 1h};
    return options;
  }

  Json Connections() { return Json::parse(Client(emulator_.port()).Send("GET", "/_emulator/connections").body()); }

  // Polls the control route until it is true; the test's time limit bounds it.
  template <typename Condition>
  void Until(Condition condition) {
    while (!condition(Connections())) std::this_thread::yield();
  }

  Emulator emulator_;
};

TEST_F(EmulatorTest, ServesManyRequestsOnOneConnection) {
  Client client(emulator_.port());
  EXPECT_EQ(client.Send("POST", "/api/sandbox", R"({"name":"a"})").result_int(), 200U);
  const Answer got = client.Send("GET", "/api/sandbox/a");
  EXPECT_EQ(Json::parse(got.body())["state"], "started");
  EXPECT_EQ(got["X-Daytona-Api-Version"], "0.226.0");
}

TEST_F(EmulatorTest, AnswersPipelinedRequestsInOrder) {
  Client client(emulator_.port());
  client.Write("POST", "/api/sandbox", R"({"name":"a"})");
  client.Write("GET", "/api/health");
  EXPECT_THAT(client.Read().body(), HasSubstr("\"name\":\"a\""));
  EXPECT_THAT(client.Read().body(), HasSubstr("ok"));
}

TEST_F(EmulatorTest, TakesABodyThatIsAnnouncedFirst) {
  Client client(emulator_.port());
  client.WriteRaw(
      "POST /api/volumes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer emulator-key\r\nContent-Type: "
      "application/json\r\n"
      "Expect: 100-continue\r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(client.ReadSome(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.WriteRaw(R"({"name":"v"})");
  EXPECT_EQ(client.Read().result_int(), 200U);
}

TEST_F(EmulatorTest, ControlRoutesEndSandboxesAsAServerDoes) {
  Client client(emulator_.port());
  const std::string id = Json::parse(client.Send("POST", "/api/sandbox", R"({"name":"a","spot":true})").body())["id"];
  const std::string force = absl::StrCat("/_emulator/sandboxes/", id);
  EXPECT_EQ(client.Send("POST", force, R"({"end":"fire"})").result_int(), 400U);
  const Json ended = Json::parse(client.Send("POST", force, R"({"end":"spot-eviction"})").body());
  EXPECT_EQ(ended["state"], "destroying");
  EXPECT_TRUE(ended.contains("spotEvictedAt"));
}

TEST_F(EmulatorTest, CreatesFromTheSameNewDockerfileCollideWhileOneIsAccepted) {
  Client first(emulator_.port());
  Client second(emulator_.port());
  const std::string build = R"("buildInfo":{"dockerfileContent":"FROM a:1\n"}})";
  first.Write("POST", "/api/sandbox", R"({"name":"p0",)" + build);
  Until([](const Json& now) { return now["inProgress"] == 1; });
  const Answer refused = second.Send("POST", "/api/sandbox", R"({"name":"p1",)" + build);
  EXPECT_EQ(refused.result_int(), 409U);
  EXPECT_THAT(refused.body(), HasSubstr("Sandbox with name p1 already exists"));
}

TEST_F(EmulatorTest, RefusesWhatIsNotHttp) {
  Client client(emulator_.port());
  client.WriteRaw("hello?\r\n\r\n");
  EXPECT_EQ(client.Read().result_int(), 400U);
}

TEST_F(EmulatorTest, SeesAClientThatGoesAwayWhileItsAnswerIsHeld) {
  Client(emulator_.port())
      .Send("POST", "/_emulator/faults", R"({"match":{"path_regex":"/volumes"},"fault":{"delay_ms":3600000}})");
  {
    Client client(emulator_.port());
    client.Write("GET", "/api/volumes");
    Until([](const Json& now) { return now["inProgressByPath"].contains("GET /api/volumes"); });
  }
  Until([](const Json& now) { return now["inProgress"] == 0; });
  EXPECT_EQ(Connections()["clientsGone"], 1);
}

TEST_F(EmulatorTest, StreamsALogUntilTheBuildIsDone) {
  Client client(emulator_.port());
  const Answer created =
      client.Send("POST", "/api/snapshots", R"({"name":"s","buildInfo":{"dockerfileContent":"FROM a:1\n"}})");
  const std::string id = Json::parse(created.body())["id"];
  Answer log;
  do {
    log = client.Send("GET", absl::StrCat("/snapshots/", id, "/build-logs?follow=true"));
  } while (log.result_int() == 404);
  EXPECT_EQ(log[http::field::transfer_encoding], "chunked");
  EXPECT_THAT(log.body(), HasSubstr("Step 1/1 : FROM a:1\n"));
  EXPECT_THAT(log.body(), HasSubstr("Successfully built"));
  EXPECT_EQ(Json::parse(client.Send("GET", "/api/snapshots/s").body())["state"], "active");
}

TEST_F(EmulatorTest, AnOpenLogStreamIsCountedUntilItsReaderLeaves) {
  {
    Client client(emulator_.port());
    const Answer created = client.Send("POST", "/api/snapshots",
                                       R"({"name":"s","buildInfo":{"dockerfileContent":"FROM a:1\nRUN false\n"}})");
    const std::string id = Json::parse(created.body())["id"];
    while (Json::parse(client.Send("GET", "/api/snapshots/s").body())["state"] != "error") std::this_thread::yield();
    client.Write("GET", absl::StrCat("/snapshots/", id, "/build-logs?follow=true"));
    Until([](const Json& now) { return now["streams"] == 1; });
    EXPECT_THAT(client.ReadSome(), HasSubstr("200 OK"));
  }
  Until([](const Json& now) { return now["streams"] == 0; });
}

TEST_F(EmulatorTest, ForcesAnyState) {
  Client client(emulator_.port());
  client.Send("POST", "/api/sandbox", R"({"name":"a"})");
  client.Send("POST", "/_emulator/sandboxes/a", R"({"state":"dreaming","errorReason":"why not"})");
  const Json sandbox = Json::parse(client.Send("GET", "/api/sandbox/a").body());
  EXPECT_EQ(sandbox["state"], "dreaming");
  EXPECT_EQ(sandbox["errorReason"], "why not");
  EXPECT_EQ(client.Send("POST", "/_emulator/sandboxes/b", "{}").result_int(), 404U);
  EXPECT_EQ(client.Send("GET", "/_emulator/nothing").result_int(), 404U);
}

TEST_F(EmulatorTest, WritesEachRequestToTheRecordFileAtOnce) {
  Client client(emulator_.port());
  client.Send("GET", "/api/health");
  client.Send("POST", "/api/volumes", R"({"name":"v"})");
  std::ifstream file(RecordFile());
  std::string first;
  std::string second;
  ASSERT_TRUE(std::getline(file, first) && std::getline(file, second));
  EXPECT_EQ(Json::parse(first)["path"], "/api/health");
  EXPECT_EQ(Json::parse(second)["body"]["name"], "v");
  EXPECT_EQ(Json::parse(second)["status"], 200);
}

TEST_F(EmulatorTest, ADroppedRequestClosesTheConnection) {
  Client client(emulator_.port());
  client.Send("POST", "/_emulator/faults", R"({"match":{"times":1},"fault":{"drop":true}})");
  client.Send("GET", "/api/health");
  EXPECT_TRUE(client.failed());
}

TEST_F(EmulatorTest, ACutRequestTakesNoEffectAndIsRecordedAsNeverAnswered) {
  Client(emulator_.port())
      .Send("POST", "/_emulator/faults", R"({"match":{"method":"POST"},"fault":{"cut_request_after_bytes":5}})");
  Client client(emulator_.port());
  client.Send("POST", "/api/volumes", R"({"name":"v"})");
  EXPECT_TRUE(client.failed());
  Client other(emulator_.port());
  EXPECT_EQ(other.Send("GET", "/api/volumes").body(), "[]");
  const Json recorded = Json::parse(other.Send("GET", "/_emulator/requests").body());
  EXPECT_EQ(recorded["requests"][0]["status"], 0);
  EXPECT_EQ(Json::parse(other.Send("GET", "/_emulator/faults").body())[0]["matched"], 1);
}

TEST_F(EmulatorTest, CountsBodiesThatAreStillComing) {
  Client client(emulator_.port());
  client.WriteRaw("PUT /_storage/b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
  Until([](const Json& now) { return now["incomingBodies"] == 1; });
  client.WriteRaw("67890");
  EXPECT_EQ(client.Read().result_int(), 403U);
  Until([](const Json& now) { return now["incomingBodies"] == 0; });
}

TEST_F(EmulatorTest, AnswersAHeadWithoutABody) {
  Client client(emulator_.port());
  client.WriteRaw("HEAD /api/nope HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadSome(), testing::EndsWith("\r\n\r\n"));
}

TEST_F(EmulatorTest, AnswersManyPipelinedRequests) {
  Client client(emulator_.port());
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&requests, "GET /api/pipelined/", i, " HTTP/1.1\r\nHost: x\r\nX-Fill: ", std::string(500, 'x'),
                    "\r\n\r\n");
  }
  client.WriteRaw(requests);
  for (int i = 0; i < 100; ++i) EXPECT_THAT(client.Read().body(), HasSubstr(absl::StrCat("/api/pipelined/", i, "\"")));
}

TEST_F(EmulatorTest, StopsWithRequestsInProgress) {
  Client client(emulator_.port());
  client.Send("POST", "/_emulator/faults", R"({"fault":{"delay_ms":3600000}})");
  client.Write("GET", "/api/health");
  Until([](const Json& now) { return now["inProgress"] == 1; });
  emulator_.Stop();
}

TEST(EmulatorStart, SaysWhyItCannot) {
  EmulatorOptions options;
  options.host = "not an address";
  EXPECT_THAT(std::string(Emulator(options).Start().message()), HasSubstr("not an IP address"));
  options.host = "127.0.0.1";
  options.port = 0;
  options.base_path = "api/";
  EXPECT_THAT(std::string(Emulator(options).Start().message()), HasSubstr("must begin with a slash"));
  options.base_path = "/api";
  Emulator first(options);
  ASSERT_TRUE(first.Start().ok());
  options.port = first.port();
  EXPECT_FALSE(Emulator(options).Start().ok());
}

}  // namespace
}  // namespace daytonad::emulator
