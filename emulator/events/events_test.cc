// The events of an object's life are those that a real server sent: tests/replay/events-v0.190.jsonl has the frames of
// one connection, recorded while a sandbox, a volume and a snapshot were created and deleted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class EventsTest : public ApiFixture {
 protected:
  EventsTest() {
    world_.events.SetListener([this](const std::string& event) { told_.push_back(Json::parse(event)); });
    world_.events.set_heard(true);
  }

  // The events since the last call, as "NAME: OLD -> NEW" or "NAME: STATE".
  std::vector<std::string> Changes() {
    std::vector<std::string> changes;
    for (const Json& event : std::exchange(told_, {})) changes.push_back(Describe(event));
    return changes;
  }

  static std::string Describe(const Json& event) {
    const Json& payload = event[1];
    for (const char* const what : {"State", "DesiredState"}) {
      const auto of = [&](const char* when) { return payload.value(absl::StrCat(when, what), ""); };
      if (!of("new").empty()) return absl::StrCat(event[0].get<std::string>(), ": ", of("old"), " -> ", of("new"));
    }
    return absl::StrCat(event[0].get<std::string>(), ": ", payload["state"].get<std::string>());
  }

  std::vector<Json> told_;  // each [name, payload]
};

// The names of an object's members, with a mark for those that are null.
std::vector<std::string> Shape(const Json& object, const std::string& where = "") {
  static const std::vector<std::string> kNewer = {"spot", "kvm", "autoPauseInterval", "sourceSandboxId"};
  std::vector<std::string> shape;
  for (const auto& [name, value] : object.items()) {
    if (std::find(kNewer.begin(), kNewer.end(), name) != kNewer.end()) continue;
    // The emulator knows it from the start; the real server learns it from the image.
    const bool null = value.is_null() && name != "entrypoint";
    shape.push_back(absl::StrCat(AbslView(where), name, null ? " null" : ""));
    const bool is_changed_object = name == "sandbox" || name == "volume" || (name == "snapshot" && value.is_object());
    if (is_changed_object) {
      for (const std::string& member : Shape(value, absl::StrCat(name, "."))) shape.push_back(member);
    }
  }
  std::sort(shape.begin(), shape.end());
  return shape;
}

std::vector<Json> RecordedEvents(std::string_view kind) {
  std::ifstream file(DAYTONAD_RECORDED_EVENTS);
  std::vector<Json> events;
  for (std::string line; std::getline(file, line);) {
    const std::string frame = Json::parse(line)["frame"];
    if (!frame.starts_with("42[\"" + std::string(kind) + ".")) continue;
    events.push_back(Json::parse(frame.substr(2)));
  }
  return events;
}

class RecordedLifeTest : public EventsTest {
 protected:
  // Expects the events that were recorded for such an object.
  void ExpectAsRecorded(std::string_view kind) {
    const std::vector<Json> recorded = RecordedEvents(kind);
    ASSERT_THAT(recorded, testing::Not(IsEmpty()));
    ASSERT_EQ(told_.size(), recorded.size());
    for (std::size_t i = 0; i < recorded.size(); ++i) {
      const std::string change = Describe(recorded[i]);
      EXPECT_EQ(Describe(told_[i]), change);
      EXPECT_EQ(Shape(told_[i][1]), Shape(recorded[i][1])) << change;
      if (!recorded[i][1].contains(std::string(kind))) continue;
      for (const char* const state : {"state", "desiredState"}) {
        EXPECT_EQ(told_[i][1][kind].value(state, ""), recorded[i][1][kind].value(state, "")) << change;
      }
    }
  }
};

TEST_F(RecordedLifeTest, OfASandbox) {
  const std::string id = StartedSandbox(R"({"name":"ev1"})");
  Post(absl::StrCat("/api/sandbox/", id, "/stop"));
  time_.Advance(options_.delays.stop);
  Send("DELETE", absl::StrCat("/api/sandbox/", id));
  time_.Advance(options_.delays.destroy);
  ExpectAsRecorded("sandbox");
  const std::string name = told_.back()[1]["sandbox"]["name"];
  EXPECT_TRUE(std::regex_match(name, std::regex(R"(DESTROYED_ev1_\d{13})"))) << name;
}

TEST_F(RecordedLifeTest, OfAVolume) {
  const std::string id = Post("/api/volumes", R"({"name":"ev2"})").Parsed()["id"];
  time_.Advance(options_.delays.volume * 2);
  Send("DELETE", absl::StrCat("/api/volumes/", id));
  time_.Advance(options_.delays.volume * 2);
  ExpectAsRecorded("volume");
  EXPECT_EQ(told_.back()[1]["volume"]["name"], "ev2-deleted");
}

TEST_F(RecordedLifeTest, OfASnapshot) {
  const std::string id = Post("/api/snapshots", R"({"name":"ev3","imageName":"ubuntu:22.04"})").Parsed()["id"];
  time_.Advance(options_.delays.queue + options_.delays.pull);
  Send("DELETE", absl::StrCat("/api/snapshots/", id));
  time_.Advance(options_.delays.remove);
  ExpectAsRecorded("snapshot");
}

TEST_F(EventsTest, AStartSendsTheDesiredStateFirst) {
  const std::string id = StartedSandbox();
  Post(absl::StrCat("/api/sandbox/", id, "/stop"));
  time_.Advance(options_.delays.stop);
  told_.clear();
  Begin("POST", absl::StrCat("/api/sandbox/", id, "/start"));
  time_.Advance(options_.delays.start);
  EXPECT_THAT(Changes(),
              ElementsAre("sandbox.desired-state.updated: stopped -> started",
                          "sandbox.state.updated: stopped -> starting", "sandbox.state.updated: starting -> started"));
}

TEST_F(EventsTest, AFailedBuildSendsAnEvent) {
  Post("/api/sandbox", R"({"buildInfo":{"dockerfileContent":"FROM a:1\nRUN false\n"}})");
  time_.Advance(1h);
  EXPECT_THAT(Changes(),
              ElementsAre("sandbox.created: pending_build", "sandbox.state.updated: pending_build -> building_snapshot",
                          "sandbox.state.updated: building_snapshot -> build_failed"));
}

TEST_F(EventsTest, ForcedStatesSendEvents) {
  const SandboxPtr sandbox = *world_.sandboxes.Get(StartedSandbox());
  told_.clear();
  world_.sandboxes.Force(*sandbox, Json{{"state", "a \"state\""}});
  world_.sandboxes.Force(*sandbox, Json{{"errorReason", "no new state"}});
  EXPECT_THAT(Changes(), ElementsAre("sandbox.state.updated: started -> a \"state\""));
}

TEST_F(EventsTest, NoEventsAreBuiltWithoutListeners) {
  world_.events.set_heard(false);
  StartedSandbox();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace daytonad::emulator
