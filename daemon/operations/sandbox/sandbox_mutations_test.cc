// Mutations that meet others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "daemon/base/absent.h"
#include "daemon/operations/testing/operations_fixture.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SandboxMutationsTest : public OperationsFixture {
 protected:
  SandboxOperations operations_{dependencies_, 10};
};

absl::Status InProgress() {
  return MakeError(absl::StatusCode::kAborted, "STATE_CHANGE_IN_PROGRESS", "Another change is running.");
}

TEST_F(SandboxMutationsTest, AMutationInProgressIsAwaitedBeforeTheOwnOneIsSent) {
  api_.answers<StopSandbox>().Add(InProgress());
  api_.answers<StopSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPED, "stopped"));
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_STARTING, "starting"));
  api_.answers<GetSandbox>().Add(Started());
  const auto stopped = RunTask(io_, operations_.Stop(context_, "box", std::chrono::seconds(60), true, false));
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_THAT(api_.calls, ElementsAre("StopSandbox box", "GetSandbox box", "GetSandbox id-1", "StopSandbox id-1"));
}

TEST_F(SandboxMutationsTest, IfTheOtherMutationHadTheSameGoalNoneIsSent) {
  api_.answers<StopSandbox>().Add(InProgress());
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPING, "stopping"));
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPED, "stopped"));
  EXPECT_TRUE(RunTask(io_, operations_.Stop(context_, "box", std::chrono::seconds(60), true, false)).ok());
  EXPECT_EQ(std::ranges::count(api_.calls, "StopSandbox box"), 1);
}

TEST_F(SandboxMutationsTest, ASandboxThatIsDeletedMeanwhileIsDeleted) {
  api_.answers<DeleteSandbox>().Add(InProgress());
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_DESTROYING, "destroying"));
  api_.answers<GetSandbox>().Add(AbsentError("sandbox", "gone"));
  const auto deleted = RunTask(io_, operations_.Delete(context_, "box", std::chrono::seconds(60), false));
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->state(), v1::SANDBOX_STATE_DESTROYED);
}

TEST_F(SandboxMutationsTest, AMutationThatNeverEndsIsReportedAtTheTimeout) {
  api_.answers<StartSandbox>().Add(InProgress());
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_STARTING, "starting"));
  const Clock::TimePoint begin = clock_.Now();
  const absl::Status status = RunTask(io_, operations_.Start(context_, "box", std::chrono::seconds(5), true)).status();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing was changed"));
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_state"), "starting");
  EXPECT_EQ(clock_.Now() - begin, std::chrono::seconds(5));
}

absl::Status AnswerLost() {
  return WithErrorMetadata(MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_CONNECTION_LOST", "it broke"), "outcome",
                           "unknown");
}

TEST_F(SandboxMutationsTest, TheStateSettlesAMutationWhoseAnswerWasLost) {
  api_.answers<StopSandbox>().Add(AnswerLost());
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPING, "stopping"));
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPED, "stopped"));
  EXPECT_TRUE(RunTask(io_, operations_.Stop(context_, "box", std::chrono::seconds(60), true, false)).ok());
  EXPECT_EQ(std::ranges::count(api_.calls, "StopSandbox box"), 1);
}

TEST_F(SandboxMutationsTest, ADeleteWhoseAnswerWasLostIsNotSentAgainToWhateverHasTheNameNow) {
  api_.answers<DeleteSandbox>().Add(AnswerLost());
  const auto deleted = RunTask(io_, operations_.Delete(context_, "box", std::chrono::seconds(60), false));
  ASSERT_TRUE(deleted.ok()) << deleted.status();  // nothing of that name is there
  EXPECT_EQ(deleted->state(), v1::SANDBOX_STATE_DESTROYED);
  EXPECT_EQ(std::ranges::count(api_.calls, "DeleteSandbox box"), 1);
}

TEST_F(SandboxMutationsTest, AMutationThatTheStateDoesNotShowStaysUnknown) {
  api_.answers<StopSandbox>().Add(AnswerLost());
  api_.answers<GetSandbox>().Add(Started());
  const absl::Status status =
      RunTask(io_, operations_.Stop(context_, "box", std::chrono::seconds(60), true, false)).status();
  EXPECT_EQ(ErrorMetadataValue(status, "outcome"), "unknown");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
}

TEST_F(SandboxMutationsTest, ARepeatedStopIsNotSentAgainAlthoughTheSandboxRunsAgain) {
  api_.answers<StopSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPING, "stopping"));
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPED, "stopped"));
  ASSERT_TRUE(RunTask(io_, operations_.Stop(WithRequest("r"), "box", std::chrono::seconds(60), true, false)).ok());
  api_.answers<GetSandbox>().Add(Started());
  const auto again = RunTask(io_, operations_.Stop(WithRequest("r"), "box", std::chrono::seconds(60), true, false));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state(), v1::SANDBOX_STATE_STOPPED);
  EXPECT_EQ(std::ranges::count(api_.calls, "StopSandbox box"), 1);
}

}  // namespace
}  // namespace daytonad
