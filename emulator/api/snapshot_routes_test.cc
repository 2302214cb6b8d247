#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class SnapshotRoutes : public ApiFixture {
 protected:
  explicit SnapshotRoutes(EmulatorOptions options = {}) : ApiFixture(std::move(options)) {}

  std::string Create(const std::string& request) {
    const AnswerBytes answer = Post("/api/snapshots", request);
    EXPECT_EQ(answer.Status(), 200) << answer.text;
    EXPECT_EQ(answer.Parsed()["state"], "pending");
    return answer.Parsed()["id"];
  }
  std::string State(const std::string& id) { return Get("/api/snapshots/" + id).Parsed()["state"]; }
};

TEST_F(SnapshotRoutes, AnImageIsPulled) {
  const std::string id = Create(R"({"name":"s1","imageName":"ubuntu:22.04","entrypoint":["sleep","9"],"memory":2})");
  EXPECT_FALSE(Get("/api/snapshots/s1").Parsed().contains("ref"));
  time_.Advance(options_.delays.queue);
  EXPECT_EQ(State(id), "pulling");
  time_.Advance(options_.delays.pull);
  const Json snapshot = Get("/api/snapshots/s1").Parsed();
  EXPECT_EQ(snapshot["state"], "active");
  EXPECT_EQ(snapshot["mem"], 2);
  EXPECT_TRUE(snapshot.contains("ref"));
  EXPECT_TRUE(snapshot["sourceSandboxId"].is_null());
}

TEST_F(SnapshotRoutes, ADockerfileIsBuiltAndItsLogCanBeFollowed) {
  const std::string id = Create(R"({"name":"s2","buildInfo":{"dockerfileContent":"FROM debian:12\nRUN echo hi\n"}})");
  const std::string url = Get("/api/snapshots/" + id + "/build-logs-url").Parsed()["url"];
  EXPECT_EQ(url, "http://127.0.0.1:3986/snapshots/" + id + "/build-logs");
  EXPECT_EQ(Get("/snapshots/" + id + "/build-logs?follow=true").Status(), 404);
  time_.Advance(options_.delays.queue);
  EXPECT_EQ(State(id), "building");
  const auto log = Begin("GET", "/snapshots/" + id + "/build-logs?follow=true");
  const auto so_far = Begin("GET", "/snapshots/" + id + "/build-logs");
  EXPECT_TRUE(so_far->finished);
  EXPECT_FALSE(log->finished);
  EXPECT_TRUE(log->HasHeader("Content-Type: application/octet-stream"));
  time_.Advance(options_.delays.build);
  EXPECT_TRUE(log->finished);
  EXPECT_THAT(log->text, HasSubstr("Step 2/2 : RUN echo hi\n"));
  EXPECT_THAT(log->text, testing::EndsWith("0\r\n\r\n"));
  EXPECT_EQ(State(id), "active");
}

TEST_F(SnapshotRoutes, AFailedBuildEndsInErrorAndItsLogStaysOpen) {
  const std::string id = Create(R"({"name":"s3","buildInfo":{"dockerfileContent":"FROM debian:12\nRUN false\n"}})");
  time_.Advance(options_.delays.queue);
  const auto log = Begin("GET", "/snapshots/" + id + "/build-logs?follow=true");
  time_.Advance(1h);
  const Json snapshot = Get("/api/snapshots/s3").Parsed();
  EXPECT_EQ(snapshot["state"], "error");
  EXPECT_EQ(snapshot["errorReason"],
            "failed to build image: The command '/bin/sh -c false' returned a non-zero code: 1");
  EXPECT_FALSE(log->finished);
  EXPECT_TRUE(Begin("GET", "/snapshots/" + id + "/build-logs")->finished);
}

TEST_F(SnapshotRoutes, ActivationAndRemovalTakeIdsOnly) {
  const std::string id = Create(R"({"name":"s1","imageName":"ubuntu:22.04"})");
  time_.Advance(10s);
  EXPECT_EQ(Post("/api/snapshots/s1/deactivate").Message(), "Validation failed (uuid is expected)");
  EXPECT_EQ(Send("DELETE", "/api/snapshots/s1").Message(), "Validation failed (uuid is expected)");
  EXPECT_EQ(Get("/api/snapshots/s1/build-logs-url").Status(), 500);
  EXPECT_EQ(Post("/api/snapshots/" + id + "/activate").Message(), "Snapshot " + id + " is already active");
  EXPECT_EQ(Post("/api/snapshots/" + id + "/deactivate").Status(), 204);
  EXPECT_EQ(Post("/api/snapshots/" + id + "/deactivate").Status(), 204) << "it is inactive already";
  EXPECT_EQ(Post("/api/snapshots/" + id + "/activate").Message(),
            "Snapshot deactivation is still in progress. Please try again in a few minutes.");
  time_.Advance(options_.delays.deactivate);
  EXPECT_EQ(Post("/api/sandbox", R"({"snapshot":"s1"})").Message(), "Snapshot s1 is inactive");
  EXPECT_EQ(Post("/api/snapshots/" + id + "/activate").Parsed()["state"], "active");
  EXPECT_EQ(Send("DELETE", "/api/snapshots/" + id).Status(), 200);
  EXPECT_EQ(State(id), "removing");
  time_.Advance(options_.delays.remove);
  EXPECT_EQ(Get("/api/snapshots/" + id).Status(), 404);
  EXPECT_EQ(Get("/api/snapshots/s1").Message(), "Snapshot with name s1 not found");
}

TEST_F(SnapshotRoutes, GeneralSnapshotsCannotBeDeleted) {
  const Json general = Get("/api/snapshots").Parsed()["items"][0];
  EXPECT_EQ(general["name"], "daytonaio/sandbox:0.5.0-slim");
  EXPECT_FALSE(general.contains("organizationId"));
  EXPECT_EQ(Send("DELETE", "/api/snapshots/" + general["id"].get<std::string>()).Status(), 403);
  EXPECT_EQ(Get("/api/snapshots/daytonaio%2Fsandbox%3A0.5.0-slim").Status(), 200);
}

TEST_F(SnapshotRoutes, ListsHavePagesAndAnOrder) {
  Create(R"({"name":"b","imageName":"ubuntu:22.04"})");
  Create(R"({"name":"a","imageName":"ubuntu:22.04"})");
  const Json page = Get("/api/snapshots?page=1&limit=2&sort=name&order=asc").Parsed();
  EXPECT_EQ(page["total"], 3);
  EXPECT_EQ(page["totalPages"], 2);
  EXPECT_EQ(page["items"][0]["name"], "a");
  EXPECT_EQ(page["items"][1]["name"], "b");
  EXPECT_EQ(Get("/api/snapshots?name=B").Parsed()["total"], 2);
  EXPECT_EQ(Get("/api/snapshots?page=0").Message(), "page must not be less than 1");
  EXPECT_EQ(Get("/api/snapshots?page=9223372036854775807").Parsed()["items"].size(), 0U);
}

struct Refusal {
  const char* request;
  int status;
  const char* message;
};

// Requests and texts as observed on the real server.
const std::vector<Refusal>& Refusals() {
  static const std::vector<Refusal> kRefusals = {
      {R"({"name":"s1","imageName":"ubuntu:22.04"})", 409,
       "Snapshot with name \"s1\" already exists for this organization"},
      {R"({"name":"s4","imageName":"ubuntu:latest"})", 400, "Images with tag \":latest\" are not allowed"},
      {R"({"name":"s5","imageName":"ubuntu"})", 400,
       "Image name must include a tag (e.g., ubuntu:22.04) or digest (@sha256:...)"},
      {R"({"name":"bad name!","imageName":"ubuntu:22.04"})", 400,
       "Invalid snapshot name format. May contain letters, digits, dots, colons, and dashes"},
      {R"({"name":"s6"})", 400, "Must specify an image name when not using a build info entry"},
      {R"({"name":"s6","imageName":"a:1","regionId":"mars"})", 404, "Region not found"}};
  return kRefusals;
}

TEST_F(SnapshotRoutes, RefusesCreatesWithTheServersMessages) {
  Create(R"({"name":"s1","imageName":"ubuntu:22.04"})");
  for (const Refusal& refusal : Refusals()) {
    SCOPED_TRACE(refusal.request);
    const AnswerBytes answer = Post("/api/snapshots", refusal.request);
    EXPECT_EQ(answer.Status(), refusal.status);
    EXPECT_EQ(answer.Message(), refusal.message);
  }
}

class StrictSnapshots : public SnapshotRoutes {
 protected:
  static EmulatorOptions Options() {
    EmulatorOptions options;
    options.exclusive_images = true;
    return options;
  }
  StrictSnapshots() : SnapshotRoutes(Options()) {}
};

TEST_F(StrictSnapshots, TheSecondOfTheSameImageFails) {
  Create(R"({"name":"a","imageName":"ubuntu:22.04"})");
  const std::string loser = Create(R"({"name":"b","imageName":"ubuntu:22.04"})");
  time_.Advance(10s);
  EXPECT_EQ(State(loser), "error");
  EXPECT_EQ(Get("/api/snapshots/b").Parsed()["errorReason"], "An operation is already in progress for this resource");
}

TEST_F(SnapshotRoutes, UnsetMembersStayUnset) {
  EXPECT_TRUE(Post("/api/snapshots", R"({"name":"a","imageName":"ubuntu:22.04"})").Parsed()["entrypoint"].is_null());
  EXPECT_EQ(Post("/api/snapshots", R"({"imageName":"ubuntu:22.04"})").Message(), "name must be a string");
  EXPECT_EQ(Post("/api/volumes", "{}").Message(), "name must be a string");
}

}  // namespace
}  // namespace daytonad::emulator
