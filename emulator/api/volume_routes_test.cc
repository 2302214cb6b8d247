#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

class VolumeRoutes : public ApiFixture {
 protected:
  std::string Create(const std::string& name) {
    const AnswerBytes answer = Post("/api/volumes", Json{{"name", name}}.dump());
    EXPECT_EQ(answer.Status(), 200) << answer.text;
    return answer.Parsed()["id"];
  }
  std::string ReadyVolume(const std::string& name) {
    std::string id = Create(name);
    time_.Advance(options_.delays.volume * 2);
    return id;
  }
  std::string State(const std::string& id) { return Get("/api/volumes/" + id).Parsed()["state"]; }
};

TEST_F(VolumeRoutes, AVolumeBecomesReadyInTwoSteps) {
  const std::string id = Create("v1");
  EXPECT_EQ(State(id), "pending_create");
  time_.Advance(options_.delays.volume);
  EXPECT_EQ(State(id), "creating");
  time_.Advance(options_.delays.volume);
  EXPECT_EQ(State(id), "ready");
  EXPECT_EQ(Get("/api/volumes/by-name/v1").Parsed()["id"], id);
}

TEST_F(VolumeRoutes, ADeletedVolumeCanStillBeSeenByIdUnderAnotherName) {
  const std::string id = ReadyVolume("v2");
  EXPECT_EQ(Send("DELETE", "/api/volumes/" + id).Status(), 200);
  EXPECT_EQ(State(id), "pending_delete");
  time_.Advance(options_.delays.volume * 2);
  const Json volume = Get("/api/volumes/" + id).Parsed();
  EXPECT_EQ(volume["state"], "deleted");
  EXPECT_EQ(volume["name"], "v2-deleted");
  EXPECT_EQ(Get("/api/volumes/by-name/v2").Message(), "Volume with name v2 not found");
  EXPECT_EQ(Get("/api/volumes").Parsed().size(), 0U);
  // The real server treats any value as true.
  EXPECT_EQ(Get("/api/volumes?includeDeleted=false").Parsed().size(), 1U);
}

TEST_F(VolumeRoutes, RefusesWithTheServersMessages) {
  const std::string id = Create("v1");
  const AnswerBytes taken = Post("/api/volumes", R"({"name":"v1"})");
  EXPECT_EQ(taken.Status(), 400);
  EXPECT_EQ(taken.Message(), "Volume with name v1 already exists");
  EXPECT_EQ(Send("DELETE", "/api/volumes/" + id).Message(),
            "Volume must be in 'ready' or 'error' state in order to be deleted");
  EXPECT_EQ(Get("/api/volumes/nope").Message(), "Volume with ID nope not found");
  EXPECT_EQ(Post("/api/volumes", "{}").Message(), "name must be a string");
}

TEST_F(VolumeRoutes, ASandboxMountsAReadyVolumeByIdOrName) {
  const std::string id = Create("v1");
  EXPECT_EQ(Post("/api/sandbox", R"({"volumes":[{"volumeId":"v1","mountPath":"/data"}]})").Message(),
            "Volume 'v1' is not in a ready state. Current state: pending_create");
  time_.Advance(options_.delays.volume * 2);
  StartedSandbox(R"({"name":"g5","volumes":[{"volumeId":"v1","mountPath":"/data","subpath":"a/b"}]})");
  const Json mount = Get("/api/sandbox/g5").Parsed()["volumes"][0];
  EXPECT_EQ(mount["volumeId"], id);
  EXPECT_EQ(mount["subpath"], "a/b");
  const AnswerBytes in_use = Send("DELETE", "/api/volumes/" + id);
  EXPECT_EQ(in_use.Status(), 409);
  EXPECT_EQ(in_use.Message(), "Volume cannot be deleted because it is in use by one or more sandboxes (e.g. g5)");
  Send("DELETE", "/api/sandbox/g5");
  EXPECT_EQ(Send("DELETE", "/api/volumes/" + id).Status(), 200);
}

TEST_F(VolumeRoutes, MountPathsAreChecked) {
  ReadyVolume("v1");
  const auto refusal = [this](const std::string& path) {
    const Json request = {{"volumes", {{{"volumeId", "v1"}, {"mountPath", path}}}}};
    return Post("/api/sandbox", request.dump()).Message();
  };
  EXPECT_EQ(refusal("/"), "Invalid mount path / (cannot mount to the root directory)");
  EXPECT_EQ(refusal("data"), "Invalid mount path data (must be absolute)");
  EXPECT_EQ(refusal("/a/../b"), "Invalid mount path /a/../b (cannot contain relative path components)");
  EXPECT_EQ(refusal("/a//b"), "Invalid mount path /a//b (cannot contain consecutive slashes)");
  EXPECT_EQ(refusal("/proc/x"), "Invalid mount path /proc/x (cannot mount to system directory)");
}

}  // namespace
}  // namespace daytonad::emulator
