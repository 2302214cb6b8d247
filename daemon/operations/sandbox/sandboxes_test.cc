#include "daemon/operations/sandbox/sandboxes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/absent.h"
#include "daemon/operations/testing/operations_fixture.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Pieces = std::deque<absl::StatusOr<std::string>>;
using std::chrono::seconds;

class Recorder : public CreateObserver<v1::Sandbox> {
 public:
  Task<absl::Status> OnState(const v1::Sandbox& sandbox) override {
    events.push_back(sandbox.state_text());
    co_return absl::OkStatus();
  }
  Task<absl::Status> OnLog(v1::LogChunk chunk) override {
    events.push_back("log " + chunk.data());
    co_return absl::OkStatus();
  }
  Task<absl::Status> OnWarning(v1::Warning warning) override {
    events.push_back("warning " + warning.reason());
    co_return absl::OkStatus();
  }
  std::vector<std::string> events;
};

class SandboxOperationsTest : public OperationsFixture {
 protected:
  absl::StatusOr<v1::Sandbox> Create(v1::SandboxSpec spec, SandboxOperations::CreateOptions options = {}) {
    const auto created =
        RunTask(io_, operations_.Create(context_, std::make_shared<v1::SandboxSpec>(std::move(spec)), options));
    if (!created.ok()) return created.status();
    return **created;
  }

  SandboxOperations operations_{dependencies_, 10};
};

TEST_F(SandboxOperationsTest, CreateAsksAtOnceBecauseTheAnswerOfTheCreateIsOld) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Started());
  EXPECT_EQ(Create({})->state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox", "GetSandbox id-1"));
  EXPECT_TRUE(clock_.sleeps().empty());
}

TEST_F(SandboxOperationsTest, CreateOfAWarmSandboxNeedsNoSecondCall) {
  api_.answers<CreateSandbox>().Add(Started());
  EXPECT_TRUE(Create({}).ok());
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox"));
}

TEST_F(SandboxOperationsTest, CreateWithoutWaitAnswersWhatUpstreamSaid) {
  api_.answers<CreateSandbox>().Add(Creating());
  SandboxOperations::CreateOptions options;
  options.wait = false;
  EXPECT_EQ(Create({}, options)->state(), v1::SANDBOX_STATE_CREATING);
}

TEST_F(SandboxOperationsTest, AnImageIsADockerfileOfOneLineWithoutContexts) {
  api_.answers<CreateSandbox>().Add(Started());
  v1::SandboxSpec spec;
  spec.set_image("debian:12");
  ASSERT_TRUE(Create(spec).ok());
  EXPECT_EQ(api_.sent<CreateSandbox>()[0].build->dockerfile, "FROM debian:12\n");
  EXPECT_FALSE(api_.sent<CreateSandbox>()[0].build->context_hashes.has_value());
}

TEST_F(SandboxOperationsTest, ADeclarativeImageBecomesItsDockerfile) {
  api_.answers<CreateSandbox>().Add(Started());
  v1::SandboxSpec spec;
  spec.mutable_declarative_image()->set_base_image("debian:12");
  spec.mutable_declarative_image()->add_steps()->set_workdir("/srv");
  ASSERT_TRUE(Create(spec).ok());
  EXPECT_EQ(api_.sent<CreateSandbox>()[0].build->dockerfile, "FROM debian:12\nWORKDIR /srv\n");
  EXPECT_THAT(*api_.sent<CreateSandbox>()[0].build->context_hashes, ElementsAre());
}

TEST_F(SandboxOperationsTest, ADockerfileThatCannotBeSentIsRefusedBeforeItsFilesAreRead) {
  v1::SandboxSpec spec;
  spec.mutable_declarative_image()->mutable_dockerfile()->set_content("FROM debian:12\n# " + std::string(102'400, 'x'));
  EXPECT_EQ(ErrorReason(Create(spec).status()), "BODY_TOO_LARGE");
  EXPECT_TRUE(api_.calls.empty());
}

TEST_F(SandboxOperationsTest, PollsSlowerAndSlower) {
  api_.answers<CreateSandbox>().Add(Creating());
  for (int i = 0; i < 20; ++i) api_.answers<GetSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Started());
  ASSERT_TRUE(Create({}).ok());
  EXPECT_EQ(clock_.sleeps().front(), std::chrono::milliseconds(100));
  EXPECT_EQ(clock_.sleeps().back(), seconds(1));
  EXPECT_TRUE(std::is_sorted(clock_.sleeps().begin(), clock_.sleeps().end()));
}

TEST_F(SandboxOperationsTest, AFailedCreateNamesTheSandboxAndTheReason) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Failed());
  const absl::Status status = Create({}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(ErrorReason(status), "SANDBOX_FAILED");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_state"), "error");
  EXPECT_THAT(std::string(status.message()), HasSubstr("no space left"));
}

TEST_F(SandboxOperationsTest, TheTimeoutEndsTheWaitAndTheErrorNamesTheSandbox) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Creating());
  const Clock::TimePoint begin = clock_.Now();
  SandboxOperations::CreateOptions options;
  options.timeout = seconds(5);
  const absl::Status status = Create({}, options).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status));
  EXPECT_EQ(ErrorReason(status), "WAIT_TIMED_OUT");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
  EXPECT_EQ(clock_.Now() - begin, seconds(5));
}

TEST_F(SandboxOperationsTest, TheCallsOwnDeadlineIsToldApartFromTheTimeout) {
  context_ = context_.WithDeadline(clock_.Now() + seconds(2));
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Creating());
  EXPECT_EQ(ErrorReason(Create({}).status()), "DEADLINE_EXCEEDED");
}

TEST_F(SandboxOperationsTest, AChangeInTheLastMomentIsNotMissed) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Started());
  SandboxOperations::CreateOptions options;
  options.timeout = std::chrono::milliseconds(50);  // ends in the first pause
  EXPECT_TRUE(Create({}, options).ok());
}

TEST_F(SandboxOperationsTest, AnUpstreamThatIsAwayForAMomentDoesNotEndAWait) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_UNAVAILABLE", "503"));
  api_.answers<GetSandbox>().Add(
      WithRetryDelay(MakeError(absl::StatusCode::kResourceExhausted, "RATE_LIMITED", "429"), std::chrono::seconds(7)));
  api_.answers<GetSandbox>().Add(Started());
  EXPECT_TRUE(Create({}).ok());
  EXPECT_EQ(clock_.sleeps().back(), seconds(7));
}

TEST_F(SandboxOperationsTest, AStateThatIsNotKnownIsNeitherGoodNorBad) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_UNSPECIFIED, "defrosting"));
  api_.answers<GetSandbox>().Add(Started());
  EXPECT_TRUE(Create({}).ok());
}

TEST_F(SandboxOperationsTest, TheObserverSeesStatesAndTheWholeLogBeforeTheResult) {
  api_.answers<CreateSandbox>().Add(InState(v1::SANDBOX_STATE_PENDING_BUILD, "pending_build"));
  api_.answers<GetSandbox>().Add(Building());
  api_.answers<GetSandbox>().Add(Building());
  api_.answers<GetSandbox>().Add(Started());
  api_.build_log.Add(Pieces{"step 1\n"});
  api_.build_log.Add(Pieces{"step 1\n", "step 2\n"});
  Recorder recorder;
  SandboxOperations::CreateOptions options;
  options.observer = &recorder;
  EXPECT_TRUE(Create({}, options).ok());
  std::string log;
  std::vector<std::string> states;
  for (const std::string& event : recorder.events) {
    if (event.starts_with("log ")) {
      log += event.substr(4);
    } else {
      states.push_back(event);
    }
  }
  EXPECT_EQ(log, "step 1\nstep 2\n");
  EXPECT_THAT(states, ElementsAre("pending_build", "building_snapshot", "started"));
}

TEST_F(SandboxOperationsTest, WithoutItsLogACreateGoesOnAndSaysSo) {
  api_.answers<CreateSandbox>().Add(Building());
  api_.answers<GetSandbox>().Add(Building());
  api_.answers<GetSandbox>().Add(Started());
  api_.build_log.Add(MakeError(absl::StatusCode::kFailedPrecondition, "UNTRUSTED_ORIGIN", "elsewhere"));
  Recorder recorder;
  SandboxOperations::CreateOptions options;
  options.observer = &recorder;
  EXPECT_TRUE(Create({}, options).ok());
  EXPECT_THAT(recorder.events, ElementsAre("building_snapshot", "started", "warning UNTRUSTED_ORIGIN"));
}

TEST_F(SandboxOperationsTest, StopOfAnEphemeralSandboxEndsWhenItIsGone) {
  api_.answers<StopSandbox>().Add(InState(v1::SANDBOX_STATE_STOPPING, "stopping"));
  const absl::StatusOr<v1::Sandbox> stopped = RunTask(io_, operations_.Stop(context_, "box", seconds(60), true, false));
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->state(), v1::SANDBOX_STATE_DESTROYED);
  EXPECT_EQ(stopped->id(), "id-1");
}

TEST_F(SandboxOperationsTest, DeleteWaitsOnlyIfAsked) {
  api_.answers<DeleteSandbox>().Add(InState(v1::SANDBOX_STATE_DESTROYING, "destroying"));
  EXPECT_EQ(RunTask(io_, operations_.Delete(context_, "box", seconds(60), false))->state(),
            v1::SANDBOX_STATE_DESTROYING);
  EXPECT_EQ(RunTask(io_, operations_.Delete(context_, "box", seconds(60), true))->state(), v1::SANDBOX_STATE_DESTROYED);
}

TEST_F(SandboxOperationsTest, DeleteOfAFailedSandboxIsNotTakenForAFailure) {
  v1::Sandbox leaving = Failed();
  leaving.set_desired_state(v1::SANDBOX_DESIRED_STATE_DESTROYED);
  api_.answers<DeleteSandbox>().Add(leaving);
  api_.answers<GetSandbox>().Add(leaving);
  api_.answers<GetSandbox>().Add(AbsentError("sandbox", "gone"));
  EXPECT_TRUE(RunTask(io_, operations_.Delete(context_, "box", seconds(60), true)).ok());
}

TEST_F(SandboxOperationsTest, WaitForTakesUpstreamsTextOfAStateThatTheEnumDoesNotKnow) {
  api_.answers<GetSandbox>().Add(Started());
  api_.answers<GetSandbox>().Add(InState(v1::SANDBOX_STATE_UNSPECIFIED, "hibernated"));
  WantedStates wanted({}, {"hibernated"});
  const auto reached = RunTask(io_, operations_.WaitFor(context_, "box", wanted, seconds(60)));
  ASSERT_TRUE(reached.ok()) << reached.status();
  EXPECT_EQ((*reached)->state_text(), "hibernated");
}

TEST_F(SandboxOperationsTest, TheTextOfDestroyedIsASandboxThatIsGone) {
  api_.answers<GetSandbox>().Add(Started());
  api_.answers<GetSandbox>().Add(AbsentError("sandbox", "gone"));
  WantedStates wanted({}, {"destroyed"});
  const auto reached = RunTask(io_, operations_.WaitFor(context_, "box", wanted, seconds(60)));
  ASSERT_TRUE(reached.ok()) << reached.status();
  EXPECT_EQ((*reached)->state(), v1::SANDBOX_STATE_DESTROYED);
}

TEST_F(SandboxOperationsTest, WaitForFollowsTheIdOnceItIsKnown) {
  api_.answers<GetSandbox>().Add(Started());
  api_.answers<GetSandbox>().Add(AbsentError("sandbox", "gone"));
  const WantedStates wanted({v1::SANDBOX_STATE_DESTROYED});
  EXPECT_TRUE(RunTask(io_, operations_.WaitFor(context_, "box", wanted, seconds(60))).ok());
  EXPECT_THAT(api_.calls, ElementsAre("GetSandbox box", "GetSandbox id-1"));
}

// --- Finding and listing ---

using Labels = google::protobuf::Map<std::string, std::string>;

v1::Sandbox OfTeamA(v1::Sandbox sandbox) {
  (*sandbox.mutable_labels())["team"] = "a";
  return sandbox;
}
Labels TeamA() { return OfTeamA(v1::Sandbox()).labels(); }

SandboxPage PageOf(const v1::Sandbox& sandbox, const std::string& next_cursor = "") {
  SandboxPage page;
  page.items.push_back(sandbox);
  page.next_cursor = next_cursor;
  return page;
}

TEST_F(SandboxOperationsTest, FindByLabelsTakesTheFirstThatIsThere) {
  api_.answers<ListSandboxes>().Add(PageOf(Started(), "next"));
  api_.answers<ListSandboxes>().Add(SandboxPage{{Started(), Started()}, ""});
  api_.answers<GetSandbox>().Add(AbsentError("sandbox", "gone"));
  api_.answers<GetSandbox>().Add(Started());  // its labels were changed
  api_.answers<GetSandbox>().Add(OfTeamA(Started()));
  EXPECT_EQ(RunTask(io_, operations_.FindByLabels(context_, TeamA()))->id(), "id-1");
  EXPECT_EQ(api_.sent<ListSandboxes>()[0].query.filter.labels().at("team"), "a");
  EXPECT_THAT(api_.calls, ElementsAre("ListSandboxes ", "GetSandbox id-1", "ListSandboxes next", "GetSandbox id-1",
                                      "GetSandbox id-1"));
}

TEST_F(SandboxOperationsTest, FindByLabelsThatNoneHasIsNotFound) {
  api_.answers<ListSandboxes>().Add(SandboxPage());
  EXPECT_EQ(ErrorReason(RunTask(io_, operations_.FindByLabels(context_, TeamA())).status()), "SANDBOX_NOT_FOUND");
}

TEST_F(SandboxOperationsTest, AServerWithoutNumberedPagesIsWalked) {
  api_.version = ServerVersion{0, 218, 0};
  api_.answers<ListSandboxes>().Add(PageOf(Creating(), "2"));
  api_.answers<ListSandboxes>().Add(PageOf(Started()));
  const auto second = RunTask(io_, operations_.ListByPage(context_, SandboxListQuery(), 2));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->items[0].state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_FALSE(second->totals.has_value());
  EXPECT_EQ(api_.sent<ListSandboxes>()[0].query.sort, v1::SANDBOX_SORT_FIELD_CREATED_AT);
  EXPECT_THAT(api_.calls, ElementsAre("ListSandboxes ", "ListSandboxes 2"));
}

TEST_F(SandboxOperationsTest, ThatNumberedPagesAreMissingIsRemembered) {
  api_.answers<ListSandboxesByPage>().Add(
      MakeError(absl::StatusCode::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM", "no route"));
  api_.answers<ListSandboxes>().Add(PageOf(Started()));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(RunTask(io_, operations_.ListByPage(context_, SandboxListQuery(), 1)).ok());
  EXPECT_THAT(api_.calls, ElementsAre("ListSandboxesByPage 1", "ListSandboxes ", "ListSandboxes "));
}

TEST_F(SandboxOperationsTest, ACursorThatRepeatsEndsTheWalk) {
  api_.version = ServerVersion{0, 226, 0};
  api_.answers<ListSandboxes>().Add(PageOf(Started(), "again"));
  const absl::Status walked = RunTask(io_, operations_.ListByPage(context_, SandboxListQuery(), 1'000'000)).status();
  EXPECT_EQ(ErrorReason(walked), "UPSTREAM_MALFORMED_RESPONSE");
  EXPECT_EQ(api_.calls.size(), 2U);
}

TEST_F(SandboxOperationsTest, WhatWasGivenUpCanNotBeStarted) {
  const std::string id = "9789f49e-8cc5-4a09-b635-a1dbc284f003";
  api_.answers<StartSandbox>().Add(AbsentError("sandbox", id));
  v1::Sandbox evicted = InState(v1::SANDBOX_STATE_DESTROYED, "destroyed");
  evicted.mutable_spot_evicted_at()->set_seconds(1);
  api_.answers<GetSandbox>().Add(evicted);
  const absl::Status status = RunTask(io_, operations_.Start(context_, id, seconds(60), true)).status();
  EXPECT_EQ(ErrorReason(status), "SPOT_EVICTED");
}

TEST_F(SandboxOperationsTest, AnswersKeepTheNameThatADeletedSandboxHad) {
  v1::Sandbox leaving = InState(v1::SANDBOX_STATE_DESTROYING, "destroying");
  leaving.set_name("DESTROYED_box_1795875334646");
  api_.answers<DeleteSandbox>().Add(leaving);
  api_.answers<StopSandbox>().Add(leaving);
  api_.answers<GetSandbox>().Add(leaving);
  api_.answers<ListSandboxes>().Add(PageOf(leaving));
  EXPECT_EQ(RunTask(io_, operations_.Delete(context_, "box", seconds(60), false))->name(), "box");
  EXPECT_EQ(RunTask(io_, operations_.Get(context_, "id-1"))->name(), "box");
  EXPECT_EQ(RunTask(io_, operations_.List(context_, SandboxListQuery(), ""))->items[0].name(), "box");
  api_.answers<GetSandbox>().Add(AbsentError("sandbox", "gone"));
  EXPECT_EQ(RunTask(io_, operations_.Stop(context_, "id-1", seconds(60), true, false))->name(), "box");
}

}  // namespace
}  // namespace daytonad
