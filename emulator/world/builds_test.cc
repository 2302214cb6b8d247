#include "emulator/world/builds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/storage/storage.h"
#include "emulator/testing/manual_scheduler.h"

namespace daytonad::emulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

BuildInfo Info(const std::string& dockerfile) { return BuildInfo(Json{{"dockerfileContent", dockerfile}}, 0); }

TEST(PlanBuild, LogsEachInstruction) {
  const BuildPlan plan = PlanBuild("FROM debian:12\nRUN apt-get update && \\\n  true\n# a comment\nRUN echo 'hi'\n");
  std::string log;
  for (const std::string& write : plan.writes) log += write;
  EXPECT_THAT(log, HasSubstr("Step 1/3 : FROM debian:12\n"));
  EXPECT_THAT(log, HasSubstr("Step 2/3 : RUN apt-get update && true\n"));
  EXPECT_THAT(log, HasSubstr("\nhi\n"));
  EXPECT_THAT(log, HasSubstr("Successfully built "));
  EXPECT_EQ(plan.error, "");
}

TEST(PlanBuild, FailsAtAFailingRun) {
  EXPECT_EQ(PlanBuild("FROM a:1\nRUN false\n").error, "The command '/bin/sh -c false' returned a non-zero code: 1");
  EXPECT_EQ(PlanBuild("FROM a:1\nRUN exit 7\nRUN false").error,
            "The command '/bin/sh -c exit 7' returned a non-zero code: 7");
  EXPECT_EQ(PlanBuild("FROM a:1\nRUN exit 0\n").error, "");
}

TEST(PlanBuild, LogsTheTextOfComments) {
  const BuildPlan plan = PlanBuild("# log: before\n# log-base64: 4pw=\nFROM a:1\n");
  EXPECT_EQ(plan.writes[0], "before\n");
  EXPECT_EQ(plan.writes[1], "\xE2\x9C");
}

TEST(Entrypoint, ReadsBothForms) {
  EXPECT_THAT(Entrypoint("FROM a:1\nENTRYPOINT [\"a\", \"b\"]\n"), ElementsAre("a", "b"));
  EXPECT_THAT(Entrypoint("FROM a:1\nENTRYPOINT run it\n"), ElementsAre("run it"));
  EXPECT_THAT(Entrypoint("FROM a:1\n"), ElementsAre("sleep", "infinity"));
}

// Observed on the real server.
TEST(BuildInfo, HasTheServersReference) {
  EXPECT_EQ(Info("FROM debian:12\nRUN echo hi\n").ref,
            "daytona-18a90cb7df0eeee9bf5d655bd8785366032e12f5304f851ff71cd9482a1fb461:daytona");
}

class BuildsTest : public testing::Test {
 protected:
  std::uint64_t Follow(Build& build) {
    return build.Follow({[this](std::string_view bytes) { chunks_.emplace_back(bytes); }, [this] { ended_ = true; }});
  }

  ManualScheduler time_;
  Delays delays_{.queue = 100ms, .build = 1000ms};
  Storage storage_{time_};
  Builds builds_{delays_, time_, storage_};
  std::vector<std::string> chunks_;
  bool ended_ = false;
};

TEST_F(BuildsTest, WritesTheLogLineByLineOverTheBuild) {
  const auto build = builds_.Start(Info("FROM a:1\n"));
  EXPECT_FALSE(build->log_exists());
  Follow(*build);
  time_.Advance(100ms);
  EXPECT_TRUE(build->log_exists());
  EXPECT_EQ(chunks_.size(), 1U);
  time_.Advance(400ms);
  EXPECT_EQ(chunks_.size(), 2U);
  EXPECT_FALSE(ended_);
  time_.Advance(600ms);
  EXPECT_EQ(chunks_.size(), 3U);
  EXPECT_TRUE(ended_);
  EXPECT_EQ(build->state(), Build::State::kSucceeded);
  EXPECT_EQ(build->log(), chunks_[0] + chunks_[1] + chunks_[2]);
}

TEST_F(BuildsTest, AFailedBuildsLogDoesNotEnd) {
  const auto build = builds_.Start(Info("FROM a:1\nRUN false\n"));
  Follow(*build);
  time_.Advance(1h);
  EXPECT_EQ(build->state(), Build::State::kFailed);
  EXPECT_FALSE(ended_);
}

TEST_F(BuildsTest, LinesCanHaveTheirOwnDelay) {
  delays_.log_line = 5000ms;
  const auto build = builds_.Start(Info("FROM a:1\n"));
  Follow(*build);
  time_.Advance(100ms);
  time_.Advance(4999ms);
  EXPECT_EQ(chunks_.size(), 1U);
  time_.Advance(1ms);
  EXPECT_EQ(chunks_.size(), 2U);
}

TEST_F(BuildsTest, JoinsARunningBuildAndRepeatsAFinishedOne) {
  const auto build = builds_.Start(Info("FROM a:1\n"));
  EXPECT_EQ(builds_.Start(Info("FROM a:1\n")), build);
  time_.Advance(1h);
  EXPECT_NE(builds_.Start(Info("FROM a:1\n")), build);
}

TEST_F(BuildsTest, AFollowerThatLeftGetsNothing) {
  const auto build = builds_.Start(Info("FROM a:1\n"));
  build->Unfollow(Follow(*build));
  time_.Advance(1h);
  EXPECT_TRUE(chunks_.empty());
}

TEST_F(BuildsTest, FailsWithoutAContextThatItNames) {
  const BuildInfo info(Json{{"dockerfileContent", "FROM a:1\nCOPY a /a\n"}, {"contextHashes", {"h1"}}}, 0);
  const auto build = builds_.Start(info);
  time_.Advance(2000ms);
  EXPECT_EQ(build->state(), Build::State::kFailed);
  EXPECT_EQ(build->error(), "build context h1 was not found in object storage");
  EXPECT_EQ(build->log(), "build context h1 was not found in object storage\n");

  storage_.Put("9b86d47c-b189-42da-a03c-a6de832ae9a3/h1/context.tar", {std::make_shared<const Spool>()}, "e");
  const auto again = builds_.Start(info);
  time_.Advance(2000ms);
  EXPECT_EQ(again->state(), Build::State::kSucceeded);
}

}  // namespace
}  // namespace daytonad::emulator
