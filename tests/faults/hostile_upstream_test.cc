// A malicious upstream, or one with a broken proxy: each bad answer is refused with the right error, costs the daemon
// little memory, and does not affect other calls. The figures are printed.
#include <zlib.h>

#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include "daemon/net/testing/test_http_server.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::HasSubstr;
using Server = TestHttpServer;
using Script = Server::Script;
using Stub = v1::DaytonaService::Stub;
using Volumes = v1::VolumeService::Stub;

constexpr size_t kMiB = size_t{1} << 20;
// The idle daemon uses about 30.
constexpr long kMaxResidentKib = 256 * 1024;

std::string Head(const std::string& headers, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + headers + "\r\n";
}
std::string Length(size_t bytes) { return "Content-Length: " + std::to_string(bytes) + "\r\n"; }

std::string Repeated(const std::string& text, size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

// `text` repeated many times, compressed, without the end of the compressed data.
std::string Unfinished(const std::string& text, size_t times) {
  z_stream stream{};
  constexpr int kGzip = MAX_WBITS + 16;
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string piece = text;
  std::string compressed(text.size() + 1024, '\0');
  std::string all;
  for (size_t i = 0; i < times; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_in = static_cast<uInt>(piece.size());
    stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
    stream.avail_out = static_cast<uInt>(compressed.size());
    EXPECT_EQ(deflate(&stream, i + 1 == times ? Z_SYNC_FLUSH : Z_NO_FLUSH), Z_OK);
    all.append(compressed, 0, compressed.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return all;
}

// A daemon whose upstream answers as the test says; its pings succeed.
class HostileUpstreamTest : public ::testing::Test {
 protected:
  void Serve(std::function<Script(const Server::Request&)> answer) {
    server_ = std::make_unique<Server>([answer = std::move(answer)](const Server::Request& request) -> Script {
      if (request.target == "/api/sandbox?limit=1") return {Server::Answer(200, R"({"items":[]})")};
      if (request.target == "/api/config") return {Server::Answer(200, "{}")};
      if (request.target == "/api/sandbox/honest") return {Server::Answer(200, R"({"id":"honest","name":"honest"})")};
      return answer(request);
    });
    daemon_ = std::make_unique<DaemonProcess>(DaemonFor(server_->Url("/api")));
    ASSERT_TRUE(daemon_->running()) << daemon_->log();
    client_ = *client::Client::Connect(daemon_->addresses().front());
  }

  std::string GetSandbox(const std::string& name, std::chrono::milliseconds limit = std::chrono::seconds(100)) {
    v1::GetSandboxRequest request;
    request.set_sandbox(name);
    return Outcome(CallWithin(limit, client_->sandboxes(), &Stub::GetSandbox, request).error);
  }
  std::string ListVolumes() {
    return Outcome(Call(client_->volumes(), &Volumes::ListVolumes, v1::ListVolumesRequest()).error);
  }
  // Lists that do not share one read, all at once.
  std::vector<std::string> ListManyTimes(int calls, std::chrono::milliseconds limit) {
    std::vector<std::future<std::string>> running;
    running.reserve(static_cast<size_t>(calls));
    for (int i = 0; i < calls; ++i) {
      running.push_back(std::async(std::launch::async, [this, i, limit] {
        v1::ListSandboxesRequest request;
        request.mutable_filter()->set_name_prefix("n" + std::to_string(i));
        return Outcome(CallWithin(limit, client_->sandboxes(), &Stub::ListSandboxes, request).error);
      }));
    }
    std::vector<std::string> outcomes;
    outcomes.reserve(running.size());
    for (auto& call : running) outcomes.push_back(call.get());
    return outcomes;
  }
  int Requests(const std::string& target) const {
    int count = 0;
    for (const Server::Request& request : server_->requests()) count += request.target.starts_with(target) ? 1 : 0;
    return count;
  }
  void ExpectSmall() {
    const long peak = daemon_->peak_resident_kib();
    std::cout << "daemon's peak: " << peak / 1024 << " MiB\n";
    EXPECT_LT(peak, kMaxResidentKib);
    EXPECT_EQ(GetSandbox("honest"), "OK");
  }

  std::unique_ptr<Server> server_;
  std::unique_ptr<DaemonProcess> daemon_;
  std::optional<client::Client> client_;
};

// Answers to a read of one object, each a final error at the first attempt.
struct BadAnswer {
  std::string name;
  Script script;
  std::string outcome;
};

class BadAnswerTest : public HostileUpstreamTest, public ::testing::WithParamInterface<BadAnswer> {};

TEST_P(BadAnswerTest, IsRefusedOnce) {
  Serve([](const Server::Request&) { return GetParam().script; });
  EXPECT_EQ(GetSandbox("box"), GetParam().outcome);
  EXPECT_EQ(Requests("/api/sandbox/box"), 1);
  ExpectSmall();
}

INSTANTIATE_TEST_SUITE_P(
    , BadAnswerTest,
    ::testing::Values(
        BadAnswer{"Deep",
                  {Server::Send{Head(Length(60 * kMiB))}, Server::Send{std::string(kMiB, '['), 60}},
                  "INTERNAL UPSTREAM_RESPONSE_TOO_LARGE"},
        BadAnswer{
            "DeepAndSmall", {Server::Answer(200, std::string(kMiB / 2, '['))}, "INTERNAL UPSTREAM_MALFORMED_RESPONSE"},
        BadAnswer{"GzipBomb",
                  {Server::Send{Head("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")},
                   Server::Chunk(Unfinished(std::string(kMiB, ' '), 64)), Server::Hang{}},
                  "INTERNAL UPSTREAM_RESPONSE_TOO_LARGE"},
        BadAnswer{"LongHeaderLine",
                  {Server::Send{"HTTP/1.1 200 OK\r\nX: "}, Server::Send{std::string(kMiB, 'x'), 50}, Server::Hang{}},
                  "INTERNAL UPSTREAM_HEADERS_TOO_LARGE"},
        BadAnswer{"ManyHeaders",
                  {Server::Send{"HTTP/1.1 200 OK\r\n"}, Server::Send{"a: b\r\n", 100'000}, Server::Hang{}},
                  "INTERNAL UPSTREAM_HEADERS_TOO_LARGE"},
        BadAnswer{"EndlessInformation",
                  {Server::Send{"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 100'000}, Server::Hang{}},
                  "INTERNAL UPSTREAM_HEADERS_TOO_LARGE"},
        BadAnswer{"EndlessTrailer",
                  {Server::ChunkedHead(), Server::Chunk("{"), Server::Send{"0\r\n"}, Server::Send{"a: b\r\n", 100'000},
                   Server::Hang{}},
                  "INTERNAL UPSTREAM_HEADERS_TOO_LARGE"},
        // The fault is known before the whole answer has arrived.
        BadAnswer{"LongError",
                  {Server::Send{Head(Length(60 * kMiB), "413 Payload Too Large")},
                   Server::Send{std::string(kMiB, 'x'), 1}, Server::Hang{}},
                  "INVALID_ARGUMENT BODY_TOO_LARGE"}),
    [](const auto& info) { return info.param.name; });

// The same for lists, which may be larger.
class BadListTest : public HostileUpstreamTest, public ::testing::WithParamInterface<BadAnswer> {};

TEST_P(BadListTest, IsRefusedOnce) {
  Serve([](const Server::Request&) { return GetParam().script; });
  EXPECT_EQ(ListVolumes(), GetParam().outcome);
  EXPECT_EQ(Requests("/api/volumes"), 1);
  ExpectSmall();
}

INSTANTIATE_TEST_SUITE_P(
    , BadListTest,
    ::testing::Values(
        BadAnswer{"Large",
                  {Server::Send{Head(Length(60 * kMiB))}, Server::Send{std::string(kMiB, ' '), 60}},
                  "INTERNAL UPSTREAM_RESPONSE_TOO_LARGE"},
        BadAnswer{"Deep", {Server::Answer(200, std::string(15 * kMiB, '['))}, "INTERNAL UPSTREAM_MALFORMED_RESPONSE"},
        BadAnswer{"ManyValues",
                  {Server::Answer(200, "[0" + Repeated(",{}", 5'000'000) + "]")},
                  "INTERNAL UPSTREAM_RESPONSE_TOO_LARGE"},
        BadAnswer{
            "ManyItems",
            {Server::Answer(200, R"([{"id":"v","name":"v"})" + Repeated(R"(,{"id":"v","name":"v"})", 100'000) + "]")},
            "INTERNAL UPSTREAM_RESPONSE_TOO_LARGE"},
        BadAnswer{"Noise",
                  {Server::Answer(200, R"([{"id":")" + std::string(15 * kMiB, '\xFF') + R"("}])")},
                  "INTERNAL UPSTREAM_MALFORMED_RESPONSE"}),
    [](const auto& info) { return info.param.name; });

TEST_F(HostileUpstreamTest, ManyUnfinishedCompressedAnswers) {
  const std::string bomb = Unfinished(std::string(kMiB, ' '), 64);
  Serve([&](const Server::Request&) -> Script {
    return {Server::Send{Head("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")}, Server::Chunk(bomb),
            Server::Hang{}};
  });
  for (const std::string& outcome : ListManyTimes(50, std::chrono::seconds(100))) {
    EXPECT_EQ(outcome, "INTERNAL UPSTREAM_RESPONSE_TOO_LARGE");
  }
  ExpectSmall();
}

// Each is within its limit; their sum is not.
TEST_F(HostileUpstreamTest, ManyUnfinishedLargeAnswers) {
  Serve([](const Server::Request&) -> Script {
    return {Server::Send{Head(Length(16 * kMiB))}, Server::Send{std::string(kMiB, ' '), 12}, Server::Hang{}};
  });
  auto lists = std::async(std::launch::async, [this] { return ListManyTimes(30, std::chrono::seconds(4)); });
  ASSERT_TRUE(server_->WaitUntil([](const Server::Stats& stats) { return stats.requests >= 30; }));
  // Small answers still fit beside them.
  EXPECT_EQ(GetSandbox("honest"), "OK");
  for (const std::string& outcome : lists.get()) EXPECT_NE(outcome, "OK");
  ExpectSmall();
}

// For this encoding, the sender chooses the size of the decoder's window.
TEST_F(HostileUpstreamTest, AnUnrequestedEncodingIsNotDecoded) {
  Serve([](const Server::Request&) -> Script { return {Server::Answer(200, "x", "Content-Encoding: zstd\r\n")}; });
  EXPECT_EQ(GetSandbox("box", std::chrono::milliseconds(500)), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER");
  ExpectSmall();
}

TEST_F(HostileUpstreamTest, TheLargestAcceptedListIsRead) {
  constexpr int kItems = 10'000;
  Serve([](const Server::Request&) -> Script {
    std::string list = "[";
    for (int i = 0; i < kItems; ++i) {
      list += R"({"id":"v)" + std::to_string(i) + R"(","name":"n","state":"ready"},)";
    }
    list.back() = ']';
    return {Server::Answer(200, list)};
  });
  const auto listed = Call(client_->volumes(), &Volumes::ListVolumes, v1::ListVolumesRequest());
  EXPECT_EQ(Outcome(listed.error), "OK");
  EXPECT_EQ(listed.value.volumes(0).id(), "v0");
  ExpectSmall();
}

}  // namespace
}  // namespace daytonad::testing
