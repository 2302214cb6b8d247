#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"

namespace daytonad {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BuildLogsTest : public RestApiFixture {
 protected:
  absl::StatusOr<std::unique_ptr<ByteStream>> Open(LogOwner owner = LogOwner::kSnapshot, bool follow = true) {
    return Run(api_->OpenBuildLog(context_, owner, "s1", follow));
  }

  std::string ReadAll(ByteStream& log) {
    std::string all;
    for (;;) {
      absl::StatusOr<std::string> bytes = Run(log.Read(context_));
      EXPECT_TRUE(bytes.ok()) << bytes.status();
      if (!bytes.ok() || bytes->empty()) return all;
      all += *bytes;
    }
  }
};

TEST_F(BuildLogsTest, FollowsTheUrlThatUpstreamAnswers) {
  http_.Answer(200, R"({"url": "http://logs.test:4000/snapshots/s1/build-logs"})").Answer(200, "Step 1\n\xFF");
  absl::StatusOr<std::unique_ptr<ByteStream>> log = Open();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(ReadAll(**log), "Step 1\n\xFF");
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/api/snapshots/s1/build-logs-url",
                                         "GET http://logs.test:4000/snapshots/s1/build-logs?follow=true"));
  EXPECT_FALSE(http_.requests()[1].bearer.empty());
  EXPECT_EQ(http_.requests()[1].pool, ConnectionPool::kStreams);
  EXPECT_NE(http_.requests()[0].pool, ConnectionPool::kCalls) << "upstream may hold it for 30 s";
}

TEST_F(BuildLogsTest, ReadsWithoutFollowing) {
  http_.Answer(200, R"({"url": "http://logs.test:4000/sandboxes/s1/build-logs?token=t"})").Answer(200, "all of it");
  absl::StatusOr<std::unique_ptr<ByteStream>> log = Open(LogOwner::kSandbox, /*follow=*/false);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(ReadAll(**log), "all of it");
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/api/sandbox/s1/build-logs-url",
                                         "GET http://logs.test:4000/sandboxes/s1/build-logs?token=t"));
}

TEST_F(BuildLogsTest, FallsBackToTheApisOwnRouteIfTheUrlIsElsewhere) {
  http_.Answer(200, R"({"url": "http://elsewhere.test/logs"})").Answer(200, "Step 1\n");
  absl::StatusOr<std::unique_ptr<ByteStream>> log = Open();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(ReadAll(**log), "Step 1\n");
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/api/snapshots/s1/build-logs-url",
                                         "GET http://api.test/api/snapshots/s1/build-logs?follow=true"));
}

TEST_F(BuildLogsTest, NamesTheFlagIfThereIsNoOtherWay) {
  for (const auto& [status, body] :
       {std::pair(404, Envelope(404, "Cannot GET /api/snapshots/s1/build-logs?follow=true")),
        std::pair(404, Envelope(404, "Not Found")), std::pair(410, Envelope(410, "Gone")),
        std::pair(404, std::string("404 page not found"))}) {
    http_.Answer(200, R"({"url": "https://Elsewhere.test/logs?secret=1"})").Answer(status, body);
    for (int i = 0; i < 3; ++i) http_.Answer(status, body);  // what is not Daytona's is asked for again
    const absl::Status error = Open().status();
    http_.ForgetScript();
    EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ErrorReason(error), "UNTRUSTED_ORIGIN");
    EXPECT_THAT(std::string(error.message()), HasSubstr("--trusted-origin https://elsewhere.test:443"));
    EXPECT_EQ(std::string(error.message()).find("secret"), std::string::npos);
    EXPECT_EQ(ErrorMetadataValue(error, "snapshot_id"), "s1");
  }
}

TEST_F(BuildLogsTest, NothingIsSentToAnUntrustedOrigin) {
  for (const char* url : {"http://elsewhere.test/logs", "https://logs.test:4000/x", "http://logs.test:4000@evil.test/x",
                          "//logs.test:4000/x", "file:///etc/passwd", "nonsense"}) {
    http_.Answer(200, Json{{"url", url}}.dump()).Answer(404, Envelope(404, "Cannot GET /api/x"));
    EXPECT_FALSE(Open().ok()) << url;
  }
  EXPECT_GE(http_.requests().size(), 6U) << "Daytona was asked where the log is";
  for (const HttpRequest& request : http_.requests()) EXPECT_THAT(request.url, HasSubstr("http://api.test/api/"));
}

TEST_F(BuildLogsTest, IsNotFoundWhileThereIsNoLog) {
  http_.Answer(200, R"({"url": "http://logs.test:4000/l"})")
      .Answer(404, Envelope(404, "build logs not found for ref: x"));
  absl::Status error = Open().status();
  EXPECT_EQ(error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(error), "BUILD_LOG_UNAVAILABLE");
  EXPECT_EQ(ErrorMetadataValue(error, "snapshot_id"), "s1");
  http_.Answer(404, Envelope(404, "Timeout waiting for build runner assignment for snapshot s1"));
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);
  http_.Answer(200, R"({"url": "http://elsewhere.test/l"})").Answer(404, Envelope(404, "build logs not found"));
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound) << "not a missing route";
}

TEST_F(BuildLogsTest, TellsAMissingObjectFromAMissingLog) {
  http_.Answer(404, Envelope(404, "Sandbox with ID or name s1 not found"));
  EXPECT_EQ(ErrorReason(Open(LogOwner::kSandbox).status()), "SANDBOX_NOT_FOUND");
  http_.Answer(404, Envelope(404, "Sandbox with ID or name s1 has no build info"));
  EXPECT_EQ(Open(LogOwner::kSandbox).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(BuildLogsTest, UsesTheApisOwnRouteOfAServerWithoutUrls) {
  http_.Answer(404, Envelope(404, "Cannot GET /api/snapshots/s1/build-logs-url")).Answer(200, "log");
  absl::StatusOr<std::unique_ptr<ByteStream>> log = Open();
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(ReadAll(**log), "log");
}

TEST_F(BuildLogsTest, AnAnswerWithoutAUrlIsNotDaytonas) {
  for (int i = 0; i < 4; ++i) http_.Answer(200, "{}");
  EXPECT_EQ(ErrorReason(Open().status()), "UPSTREAM_FOREIGN_ANSWER");
}

TEST_F(BuildLogsTest, OpeningIsRepeatedAndItsErrorBodiesAreRead) {
  http_.Answer(200, R"({"url": "http://logs.test:4000/l"})")
      .Answer(503, "{}")
      .Fail(ConnectionLost())
      .Answer(401, Envelope(401, "no"));
  const absl::Status error = Open().status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_message"), "no");
  EXPECT_EQ(ErrorMetadataValue(error, "attempts"), "3");
}

}  // namespace
}  // namespace daytonad
