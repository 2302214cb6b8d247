#include "emulator/world/sandbox_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class SandboxList : public ApiFixture {
 protected:
  explicit SandboxList(EmulatorOptions options = {}) : ApiFixture(std::move(options)) {}
  void SetUp() override {
    StartedSandbox(R"({"name":"alpha","labels":{"env":"dev","team":"a"}})");
    StartedSandbox(R"({"name":"Beta","labels":{"env":"dev"},"public":true})");
    StartedSandbox(R"({"name":"gamma","labels":{"env":"prod"},"ttlMinutes":5})");
    Post("/api/sandbox/gamma/stop");
    time_.Advance(options_.delays.stop);
  }

  std::vector<std::string> Names(const std::string& query) {
    const Json page = Get("/api/sandbox?" + query).Parsed();
    std::vector<std::string> names;
    for (const Json& item : page["items"]) names.push_back(item["name"]);
    return names;
  }
};

TEST_F(SandboxList, NewestActivityFirstWithoutAFilter) {
  EXPECT_THAT(Names(""), ElementsAre("gamma", "Beta", "alpha"));
}

TEST_F(SandboxList, Filters) {
  EXPECT_THAT(Names("labels=%7B%22env%22%3A%20%22dev%22%7D&sort=name&order=asc"), ElementsAre("Beta", "alpha"));
  EXPECT_THAT(Names("labels=%7B%22env%22%3A%22dev%22%2C%22team%22%3A%22a%22%7D"), ElementsAre("alpha"));
  EXPECT_THAT(Names("name=BE"), ElementsAre("Beta"));
  EXPECT_THAT(Names("states=stopped&states=error"), ElementsAre("gamma"));
  EXPECT_THAT(Names("isPublic=true"), ElementsAre("Beta"));
  EXPECT_THAT(Names("regionIds=eu"), IsEmpty());
  EXPECT_THAT(Names("snapshots=none"), IsEmpty());
  EXPECT_THAT(Names("minCpu=2"), IsEmpty());
  EXPECT_THAT(Names("createdAtAfter=2030-01-01T00:00:00.000Z"), IsEmpty());
  EXPECT_THAT(Names("lastEventBefore=2030-01-01T00:00:00.000Z&limit=1"), ElementsAre("gamma"));
  EXPECT_THAT(Names("autoDestroyAtAfter=2020-01-01T00:00:00Z"), ElementsAre("gamma"));
}

TEST_F(SandboxList, PagesFollowEachOtherByCursor) {
  std::vector<std::string> names;
  std::string cursor;
  for (int page = 0; page < 3; ++page) {
    const Json answer = Get("/api/sandbox?limit=1&sort=createdAt&order=asc" + cursor).Parsed();
    ASSERT_EQ(answer["items"].size(), 1U);
    names.push_back(answer["items"][0]["name"]);
    EXPECT_EQ(answer["nextCursor"].is_null(), page == 2);
    if (page < 2) cursor = "&cursor=" + answer["nextCursor"].get<std::string>();
  }
  EXPECT_THAT(names, ElementsAre("alpha", "Beta", "gamma"));
}

TEST_F(SandboxList, ItemsAreNotWholeSandboxes) {
  const Json item = Get("/api/sandbox?limit=1").Parsed()["items"][0];
  EXPECT_FALSE(item.contains("env"));
  EXPECT_FALSE(item.contains("volumes"));
  EXPECT_TRUE(item.contains("toolboxProxyUrl"));
}

TEST_F(SandboxList, ListsDeletedOnesInErrorOnRequest) {
  world_.sandboxes.Force(**world_.sandboxes.Get("alpha"), Json{{"state", "error"}});
  Send("DELETE", "/api/sandbox/alpha");
  EXPECT_THAT(Names("states=error"), IsEmpty());
  EXPECT_EQ(Names("states=error&includeErroredDeleted=true").size(), 1U);
}

TEST_F(SandboxList, RefusesWithTheServersMessages) {
  EXPECT_EQ(Get("/api/sandbox?limit=100000").Message(), "limit must not be greater than 200");
  EXPECT_EQ(Get("/api/sandbox?cursor=zzz").Message(), "Invalid cursor provided: zzz");
  EXPECT_EQ(Get("/api/sandbox?labels=x").Message(), "Invalid labels JSON format");
  EXPECT_EQ(
      Get("/api/sandbox?states=started,stopped").Message(),
      "each value must be one of the following values: creating, restoring, destroying, started, stopped, starting, "
      "stopping, error, build_failed, pending_build, building_snapshot, unknown, pulling_snapshot, archived, "
      "archiving, resizing, snapshotting, forking, pausing, paused, resuming");
  EXPECT_EQ(Get("/api/sandbox?states=destroyed").Status(), 400);
  EXPECT_EQ(Get("/api/sandbox?sort=color").Status(), 400);
}

class NumberedSandboxList : public SandboxList {
 protected:
  static EmulatorOptions Old() {
    EmulatorOptions options;
    options.api_version = ApiVersion::k0_190;
    return options;
  }
  NumberedSandboxList() : SandboxList(Old()) {}
};

TEST_F(NumberedSandboxList, TheDeprecatedFormHasNumberedPagesOfWholeSandboxes) {
  const Json page = Get("/api/sandbox/paginated?page=2&limit=2&labels=null").Parsed();
  EXPECT_EQ(page["total"], 3);
  EXPECT_EQ(page["totalPages"], 2);
  ASSERT_EQ(page["items"].size(), 1U);
  EXPECT_EQ(page["items"][0]["name"], "alpha");
  EXPECT_TRUE(page["items"][0].contains("env"));
}

TEST_F(NumberedSandboxList, NumberedPagesHaveSortFieldsOfTheirOwn) {
  const Json page = Get("/api/sandbox/paginated?limit=1&sort=name&order=asc").Parsed();
  EXPECT_EQ(page["items"][0]["name"], "Beta");
  EXPECT_EQ(Get("/api/sandbox/paginated?sort=state").Status(), 200);
  EXPECT_EQ(Get("/api/sandbox/paginated?sort=cpu").Status(), 400);
}

}  // namespace
}  // namespace daytonad::emulator
