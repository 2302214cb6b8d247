#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

using testing::StartsWith;
using namespace std::chrono_literals;

// How sandboxes end without a delete.
class SandboxEndings : public ApiFixture {
 protected:
  explicit SandboxEndings(EmulatorOptions options = Accepting(0ms)) : ApiFixture(std::move(options)) {}

  // A sandbox that waits for a runner; returns its id.
  std::string Queued(const std::string& more = "") {
    Begin("POST", "/api/sandbox", R"({"name":"q","env":{"FAKE_FAIL":"queue"})" + more + "}");
    return Get("/api/sandbox/q").Parsed()["id"];
  }
};

TEST_F(SandboxEndings, ACreateThatGetsNoRunnerTimesOutInTheQueue) {
  const std::string id = Queued(R"(,"queueTimeout":2)");
  const Json waiting = Get("/api/sandbox/q").Parsed();
  EXPECT_EQ(waiting["state"], "pulling_snapshot");
  EXPECT_FALSE(waiting.contains("runnerId"));
  time_.Advance(2min - 1ms);
  EXPECT_EQ(StateOf(id), "pulling_snapshot");
  time_.Advance(1ms + options_.delays.destroy);
  const Json ended = Get("/api/sandbox/" + id).Parsed();
  EXPECT_EQ(ended["state"], "destroyed");
  EXPECT_EQ(ended["queueTimedOutAt"], "2026-01-01T00:02:00.000Z");
  EXPECT_THAT(ended["name"].get<std::string>(), StartsWith("DESTROYED_q_"));
}

TEST_F(SandboxEndings, WithoutALimitItWaitsForEver) {
  const std::string id = Queued(R"(,"buildInfo":{"dockerfileContent":"FROM a:1\n"})");
  time_.Advance(1h);
  EXPECT_EQ(StateOf(id), "pending_build");
}

TEST_F(SandboxEndings, ATimedOutSandboxCanBeReadOnlyByIdAndForADay) {
  const std::string id = Queued(R"(,"queueTimeout":1)");
  time_.Advance(1min + options_.delays.destroy);
  EXPECT_EQ(Get("/api/sandbox/q").Status(), 404);
  EXPECT_EQ(Post("/api/sandbox/" + id + "/start").Status(), 404);
  EXPECT_EQ(Send("DELETE", "/api/sandbox/" + id).Status(), 404);
  EXPECT_EQ(Get("/api/sandbox").Parsed()["items"].size(), 0U);
  EXPECT_EQ(Begin("POST", "/api/sandbox", R"({"name":"q"})")->text, "") << "its name is free";
  time_.Advance(24h - 1ms);
  EXPECT_EQ(StateOf(id), "destroyed");
  time_.Advance(1ms);
  EXPECT_EQ(Get("/api/sandbox/" + id).Status(), 404);
}

TEST_F(SandboxEndings, AControlRouteEvictsASpotSandbox) {
  const std::string id = StartedSandbox(R"({"name":"s","spot":true})");
  world_.sandboxes.EvictSpot(*world_.sandboxes.Get(id));
  const Json item = Get("/api/sandbox").Parsed()["items"][0];
  EXPECT_EQ(item["state"], "destroying");
  EXPECT_TRUE(item.contains("spotEvictedAt")) << "told while it is still winding down";
  time_.Advance(options_.delays.destroy);
  const Json ended = Get("/api/sandbox/" + id).Parsed();
  EXPECT_EQ(ended["state"], "destroyed");
  EXPECT_TRUE(ended.contains("spotEvictedAt"));
  EXPECT_FALSE(ended.contains("queueTimedOutAt"));
}

class OldSandboxEndings : public SandboxEndings {
 protected:
  static EmulatorOptions Old() {
    EmulatorOptions options = Accepting(0ms);
    options.api_version = ApiVersion::k0_190;
    return options;
  }
  OldSandboxEndings() : SandboxEndings(Old()) {}
};

TEST_F(OldSandboxEndings, AnOldServerHasNoQueueTimeout) {
  const std::string id = Queued(R"(,"queueTimeout":1)");
  time_.Advance(1h);
  EXPECT_EQ(StateOf(id), "pulling_snapshot");
  world_.sandboxes.TimeOutInQueue(*world_.sandboxes.Get(id));
  time_.Advance(options_.delays.destroy);
  EXPECT_EQ(Get("/api/sandbox/" + id).Status(), 404);
}

}  // namespace
}  // namespace daytonad::emulator
