// HttpClient::Open and the streams that it gives.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/net/http/curl_http_client.h"
#include "daemon/net/testing/http_client_fixture.h"
#include "daemon/net/testing/test_http_server.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Server = TestHttpServer;
using Stats = TestHttpServer::Stats;
using Stream = std::unique_ptr<HttpStream>;

class CurlHttpStreamTest : public HttpClientFixture {
 protected:
  absl::StatusOr<Stream> Open(std::string url, CallContext context = CallContext::Background("test")) {
    HttpRequest request = Get(std::move(url));
    request.pool = ConnectionPool::kStreams;
    return Run(client_->Open(std::move(context), std::move(request)));
  }

  absl::StatusOr<std::string> Read(const Stream& stream, CallContext context = CallContext::Background("test")) {
    return Run(stream->Read(std::move(context)));
  }

  // Streams belong to the loop's thread.
  void Destroy(Stream stream) { Run(DestroyTask(std::move(stream))); }

 private:
  static Task<void> DestroyTask(Stream stream) {
    stream.reset();
    co_return;
  }
};

TEST_F(CurlHttpStreamTest, BytesArriveAsTheyAreProduced) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::ChunkedHead(206), Server::Gate{"one"}, Server::Chunk("first"), Server::Gate{"two"},
            Server::Chunk("second"),  Server::Gate{"end"}, Server::LastChunk()};
  });
  absl::StatusOr<Stream> stream = Open(server.Url("/logs"));
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_EQ((*stream)->status(), 206);
  EXPECT_EQ((*stream)->headers().Get("transfer-encoding"), "chunked");
  server.OpenGate("one");
  EXPECT_EQ(*Read(*stream), "first");
  server.OpenGate("two");
  EXPECT_EQ(*Read(*stream), "second");
  server.OpenGate("end");
  EXPECT_EQ(*Read(*stream), "");
  EXPECT_EQ(*Read(*stream), "") << "the end stays the end";
  Destroy(*std::move(stream));
}

TEST_F(CurlHttpStreamTest, ErrorStatusIsAStreamToo) {
  Server server([](const Server::Request&) -> Server::Script { return {Server::Answer(404, "no logs yet")}; });
  absl::StatusOr<Stream> stream = Open(server.Url("/logs"));
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ((*stream)->status(), 404);
  EXPECT_EQ(*Read(*stream), "no logs yet");
  EXPECT_EQ(*Read(*stream), "");
  Destroy(*std::move(stream));
}

TEST_F(CurlHttpStreamTest, AReadThatTimesOutTakesNothing) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::ChunkedHead(), Server::Gate{"go"}, Server::Chunk("late"), Server::LastChunk()};
  });
  absl::StatusOr<Stream> stream = Open(server.Url("/logs"));
  ASSERT_TRUE(stream.ok());
  const CallContext soon = CallContext::Background("test").WithDeadline(steady_clock::now() + milliseconds(20));
  EXPECT_EQ(Read(*stream, soon).status().code(), absl::StatusCode::kDeadlineExceeded);
  std::stop_source stopped;
  stopped.request_stop();
  const CallContext cancelled = CallContext::Background("test").WithStopToken(stopped.get_token());
  EXPECT_EQ(Read(*stream, cancelled).status().code(), absl::StatusCode::kCancelled);
  server.OpenGate("go");
  EXPECT_EQ(*Read(*stream), "late");
  EXPECT_EQ(*Read(*stream), "");
  Destroy(*std::move(stream));
}

TEST_F(CurlHttpStreamTest, OpensDeadlineIsForTheHeadersOnly) {
  Server server([](const Server::Request& request) -> Server::Script {
    if (request.target == "/mute") return {Server::Hang{}};
    return {Server::ChunkedHead(), Server::Gate{"go"}, Server::Chunk("x"), Server::LastChunk()};
  });
  const auto in_a_moment = [] {
    return CallContext::Background("test").WithDeadline(steady_clock::now() + milliseconds(200));
  };
  EXPECT_EQ(Open(server.Url("/mute"), in_a_moment()).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.hung_up == 1; }));

  const CallContext context = in_a_moment();
  absl::StatusOr<Stream> stream = Open(server.Url("/logs"), context);
  ASSERT_TRUE(stream.ok()) << stream.status();
  // Reads with the same context until that ends; the stream itself goes on.
  EXPECT_EQ(Read(*stream, context).status().code(), absl::StatusCode::kDeadlineExceeded);
  server.OpenGate("go");
  EXPECT_EQ(*Read(*stream), "x");
  Destroy(*std::move(stream));
}

TEST_F(CurlHttpStreamTest, DestroyingAStreamEndsTheTransfer) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::ChunkedHead(), Server::Chunk("x"), Server::Hang{}};
  });
  absl::StatusOr<Stream> stream = Open(server.Url("/logs"));
  ASSERT_TRUE(stream.ok());
  Destroy(*std::move(stream));
  EXPECT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.hung_up == 1; }));
}

TEST_F(CurlHttpStreamTest, ABodyThatBreaksOffIsLostAfterItsBytes) {
  for (const bool reset : {false, true}) {
    Server server([reset](const Server::Request&) -> Server::Script {
      return {Server::ChunkedHead(), Server::Chunk("part"), Server::Gate{"cut"}, Server::Close{reset}};
    });
    absl::StatusOr<Stream> stream = Open(server.Url("/logs"));
    ASSERT_TRUE(stream.ok());
    EXPECT_EQ(*Read(*stream), "part");
    server.OpenGate("cut");
    const absl::Status status = Read(*stream).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ErrorReason(status), "UPSTREAM_CONNECTION_LOST");
    EXPECT_EQ(DeliveryOf(status), Delivery::kUnknown);
    Destroy(*std::move(stream));
  }
}

TEST_F(CurlHttpStreamTest, AHeadThatBreaksOffIsNoStream) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::Send{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chu"}, Server::Close{}};
  });
  EXPECT_EQ(ErrorReason(Open(server.Url("/logs")).status()), "UPSTREAM_CONNECTION_LOST");
}

TEST_F(CurlHttpStreamTest, ASlowReaderSlowsThePeerDownAndLosesNothing) {
  constexpr size_t kPieces = 1024;
  const std::string piece(size_t{64} << 10, 'p');  // 64 MiB in all, far above what sockets buffer
  Server server([&](const Server::Request& request) -> Server::Script {
    if (request.target == "/ping") return {Server::Answer(200, "pong")};
    return {Server::ChunkedHead(), Server::Send{Server::Chunk(piece).bytes, kPieces}, Server::LastChunk()};
  });
  absl::StatusOr<Stream> stream = Open(server.Url("/logs"));
  ASSERT_TRUE(stream.ok());
  // Give the stream every occasion to run on while nobody reads it.
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Send(Get(server.Url("/ping"))).ok());
  EXPECT_LT(server.stats().bytes_sent, kPieces * piece.size() / 2);

  size_t total = 0;
  while (true) {
    const absl::StatusOr<std::string> bytes = Read(*stream);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    if (bytes->empty()) break;
    EXPECT_LE(bytes->size(), size_t{300} << 10);
    EXPECT_EQ(bytes->find_first_not_of('p'), std::string::npos);
    total += bytes->size();
  }
  EXPECT_EQ(total, kPieces * piece.size());
  Destroy(*std::move(stream));
}

TEST_F(CurlHttpStreamTest, ShutdownEndsAStreamThatMayOutliveTheClient) {
  Server server([](const Server::Request&) -> Server::Script { return {Server::ChunkedHead(), Server::Hang{}}; });
  absl::StatusOr<Stream> stream = Open(server.Url("/logs"));
  ASSERT_TRUE(stream.ok());
  auto reading = Start((*stream)->Read(CallContext::Background("test")));
  Run(ShutdownTask(client_.get()));
  EXPECT_EQ(ErrorReason(reading.get().status()), "SHUTTING_DOWN");
  EXPECT_EQ(ErrorReason(Read(*stream).status()), "SHUTTING_DOWN");
  EXPECT_TRUE(server.WaitUntil([](const Stats& stats) { return stats.hung_up == 1; }));
  Destroy(*std::move(stream));
}

}  // namespace
}  // namespace daytonad
