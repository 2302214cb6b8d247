// What a create does when its first answer does not settle it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "daemon/operations/base/object_names.h"
#include "daemon/operations/testing/operations_fixture.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

absl::Status ConnectionLost() {
  return WithErrorMetadata(MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_CONNECTION_LOST", "it broke"), "outcome",
                           "unknown");
}
absl::Status NameTaken() { return MakeError(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", "taken"); }

// When it was made, by the wall clock: so long ago.
v1::Sandbox Made(v1::Sandbox sandbox, std::chrono::seconds ago) {
  const auto at = std::chrono::system_clock::now() - ago;
  sandbox.mutable_created_at()->set_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
  return sandbox;
}

class SandboxCreateTest : public OperationsFixture {
 protected:
  absl::StatusOr<v1::Sandbox> Create(CallContext context, v1::SandboxSpec spec) {
    return Create(operations_, std::move(context), std::move(spec));
  }
  absl::StatusOr<v1::Sandbox> Create(SandboxOperations& operations, CallContext context, v1::SandboxSpec spec,
                                     SandboxOperations::CreateOptions options = {}) {
    const auto created = RunTask(
        io_, operations.Create(std::move(context), std::make_shared<v1::SandboxSpec>(std::move(spec)), options));
    if (!created.ok()) return created.status();
    return **created;
  }

  static v1::SandboxSpec Named(const std::string& name) {
    v1::SandboxSpec spec;
    spec.set_name(name);
    return spec;
  }

  // A limit, by a clock that stands still unless somebody sleeps.
  CallContext ForAMinute() { return context_.WithDeadline(clock_.Now() + std::chrono::minutes(1)); }
  const std::string& NameSent() { return api_.sent<CreateSandbox>()[0].spec.name(); }

  static v1::SandboxSpec StrictlyFor(int minutes) {
    v1::SandboxSpec spec = Named("box");
    spec.set_ttl_minutes(minutes);
    spec.set_strict(true);
    return spec;
  }

  void ListHas(const v1::Sandbox& sandbox) {
    SandboxPage page;
    page.items.push_back(sandbox);
    api_.answers<ListSandboxes>().Add(page);
  }

  SandboxOperations operations_{dependencies_, 10};
};

TEST_F(SandboxCreateTest, ALostAnswerIsPostedAgainAndThatOneCounts) {
  api_.answers<CreateSandbox>().Add(ConnectionLost());
  api_.answers<CreateSandbox>().Add(Started());
  EXPECT_TRUE(Create(context_, Named("box")).ok());
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox", "CreateSandbox"));
}

TEST_F(SandboxCreateTest, WhatTheLostRequestMadeIsAdopted) {
  api_.answers<CreateSandbox>().Add(ConnectionLost());
  api_.answers<CreateSandbox>().Add(NameTaken());
  api_.answers<ListSandboxes>().Add(SandboxPage());  // lists lag
  ListHas(Started());
  api_.answers<GetSandbox>().Add(Made(Started(), std::chrono::seconds(1)));
  const absl::StatusOr<v1::Sandbox> created = Create(context_, Named("box"));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->id(), "id-1");
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox", "CreateSandbox", "ListSandboxes ", "CreateSandbox",
                                      "ListSandboxes ", "GetSandbox id-1"));
}

TEST_F(SandboxCreateTest, WhatIsOlderThanTheRequestIsNotAdopted) {
  api_.answers<CreateSandbox>().Add(ConnectionLost());
  api_.answers<CreateSandbox>().Add(NameTaken());
  ListHas(Started());
  api_.answers<GetSandbox>().Add(Made(Started(), std::chrono::hours(1)));
  EXPECT_EQ(ErrorReason(Create(context_, Named("box")).status()), "NAME_TAKEN");
}

TEST_F(SandboxCreateTest, WhatHasOtherLabelsIsNotAdopted) {
  api_.answers<CreateSandbox>().Add(ConnectionLost());
  api_.answers<CreateSandbox>().Add(NameTaken());
  ListHas(Started());
  api_.answers<GetSandbox>().Add(Made(Started(), std::chrono::seconds(1)));
  v1::SandboxSpec spec = Named("box");
  (*spec.mutable_labels())["owner"] = "me";
  EXPECT_EQ(ErrorReason(Create(context_, spec).status()), "NAME_TAKEN");
}

TEST_F(SandboxCreateTest, WhatCanNotBeFoundIsSaidToBeUnknown) {
  api_.answers<CreateSandbox>().Add(ConnectionLost());
  api_.answers<CreateSandbox>().Add(NameTaken());
  api_.answers<ListSandboxes>().Add(SandboxPage());
  const absl::Status status = Create(ForAMinute(), Named("box")).status();
  EXPECT_EQ(ErrorReason(status), "UPSTREAM_CONNECTION_LOST");
  EXPECT_EQ(ErrorMetadataValue(status, "outcome"), "unknown");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_name"), "box");
}

TEST_F(SandboxCreateTest, WithoutANameItIsGivenOneThatSettlesIt) {
  api_.answers<CreateSandbox>().Add(ConnectionLost());
  api_.answers<CreateSandbox>().Add(Started());
  EXPECT_TRUE(Create(context_, {}).ok());
  ASSERT_EQ(api_.sent<CreateSandbox>().size(), 2U);
  EXPECT_THAT(NameSent(), MatchesRegex("daytonad-[0-9a-f]+"));
  EXPECT_EQ(NameSent().size(), sizeof("daytonad-") - 1 + 32);
  EXPECT_EQ(api_.sent<CreateSandbox>()[1].spec.name(), NameSent());
}

TEST_F(SandboxCreateTest, ANewNameIsNobodyElses) {
  api_.answers<CreateSandbox>().Add(MakeError(absl::StatusCode::kInvalidArgument, "UPSTREAM_BAD_REQUEST", "no"));
  Create(context_, {}).IgnoreError();
  Create(context_, {}).IgnoreError();
  EXPECT_NE(api_.sent<CreateSandbox>()[0].spec.name(), api_.sent<CreateSandbox>()[1].spec.name());
}

TEST_F(SandboxCreateTest, ARequestIdGivesANameThatSettlesIt) {
  api_.answers<CreateSandbox>().Add(ConnectionLost());
  api_.answers<CreateSandbox>().Add(Started());
  EXPECT_TRUE(Create(WithRequest("r"), {}).ok());
  ASSERT_EQ(api_.sent<CreateSandbox>().size(), 2U);
  EXPECT_EQ(NameSent(), NameFromRequestId("r"));
  EXPECT_EQ(api_.sent<CreateSandbox>()[1].spec.name(), NameSent());
}

TEST_F(SandboxCreateTest, WhatAnotherDaemonMadeUnderTheRequestIdIsAdopted) {
  // Or this one, before it was restarted: nothing is remembered.
  api_.answers<CreateSandbox>().Add(NameTaken());
  v1::Sandbox old = Made(Started(), std::chrono::hours(1));
  old.set_name(NameFromRequestId("r"));
  ListHas(old);
  api_.answers<GetSandbox>().Add(old);
  const absl::StatusOr<v1::Sandbox> adopted = Create(WithRequest("r"), {});
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ(adopted->id(), "id-1");
}

TEST_F(SandboxCreateTest, WhatWasMadeUnderTheRequestIdForAnotherSpecIsNot) {
  api_.answers<CreateSandbox>().Add(NameTaken());
  v1::Sandbox other = Made(Started(), std::chrono::hours(1));
  other.set_name(NameFromRequestId("r"));
  (*other.mutable_labels())["owner"] = "you";
  ListHas(other);
  api_.answers<GetSandbox>().Add(other);
  const absl::Status status = Create(WithRequest("r"), {}).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_EQ(ErrorReason(status), "REQUEST_ID_REUSED");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
  EXPECT_EQ(ErrorMetadataValue(status, "request_id"), "r");
}

TEST_F(SandboxCreateTest, AChosenNameThatSomebodyHasIsAnErrorAtOnce) {
  api_.answers<CreateSandbox>().Add(NameTaken());
  ListHas(Started());
  api_.answers<GetSandbox>().Add(Made(Started(), std::chrono::seconds(1)));
  EXPECT_EQ(ErrorReason(Create(WithRequest("r"), Named("box")).status()), "NAME_TAKEN");
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox", "ListSandboxes ", "GetSandbox id-1"));
}

TEST_F(SandboxCreateTest, ARefusalForANameThatNobodyHasIsNotBelieved) {
  api_.answers<CreateSandbox>().Add(NameTaken());
  api_.answers<CreateSandbox>().Add(NameTaken());
  api_.answers<CreateSandbox>().Add(Started());
  api_.answers<ListSandboxes>().Add(SandboxPage());
  EXPECT_TRUE(Create(context_, Named("box")).ok());
  EXPECT_THAT(api_.calls,
              ElementsAre("CreateSandbox", "ListSandboxes ", "CreateSandbox", "ListSandboxes ", "CreateSandbox"));
}

TEST_F(SandboxCreateTest, ANameThatIsSeenLateIsTakenAllTheSame) {
  api_.answers<CreateSandbox>().Add(NameTaken());
  api_.answers<ListSandboxes>().Add(SandboxPage());
  api_.answers<ListSandboxes>().Add(SandboxPage());
  ListHas(Started());
  api_.answers<GetSandbox>().Add(Started());
  EXPECT_EQ(ErrorReason(Create(context_, Named("box")).status()), "NAME_TAKEN");
}

TEST_F(SandboxCreateTest, ARefusalThatCanNotBeBelievedEndsWithTheTimeLimit) {
  api_.answers<CreateSandbox>().Add(WithErrorMetadata(NameTaken(), "http_status", "409"));
  api_.answers<ListSandboxes>().Add(SandboxPage());
  const absl::Status status = Create(operations_, context_, Named("box"), {}).status();
  EXPECT_EQ(ErrorReason(status), "WAIT_TIMED_OUT");
  EXPECT_EQ(ErrorMetadataValue(status, "http_status"), "409");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_name"), "box");
  EXPECT_THAT(status.message(), HasSubstr("nothing was made"));
}

TEST_F(SandboxCreateTest, EveryErrorSaysWhatItIsAbout) {
  api_.answers<CreateSandbox>().Add(MakeError(absl::StatusCode::kInvalidArgument, "UPSTREAM_BAD_REQUEST", "no"));
  absl::Status status = Create(WithRequest("r"), {}).status();
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_name"), NameFromRequestId("r"));
  EXPECT_EQ(ErrorMetadataValue(status, "request_id"), "r");
  // Which can be asked for again, by an id that the daemon made.
  status = Create(context_, {}).status();
  const std::string made_id = ErrorMetadataValue(status, "request_id").value_or("");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_name"), api_.sent<CreateSandbox>().back().spec.name());
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_name"), NameFromRequestId(made_id));

  FakeApi::Answers<absl::StatusOr<v1::Sandbox>> created;
  created.Add(Creating());
  api_.answers<CreateSandbox>() = created;
  api_.answers<GetSandbox>().Add(Failed());
  status = Create(WithRequest("s"), {}).status();
  EXPECT_EQ(ErrorReason(status), "SANDBOX_FAILED");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
  EXPECT_EQ(ErrorMetadataValue(status, "request_id"), "s");
}

TEST_F(SandboxCreateTest, EveryWarningSaysWhatItIsAbout) {
  api_.version = ServerVersion{0, 190, 0};
  api_.answers<CreateSandbox>().Add(Started());
  v1::SandboxSpec spec = Named("box");
  spec.set_ephemeral(true);
  spec.set_auto_delete_minutes(5);
  spec.set_ttl_minutes(5);
  google::protobuf::RepeatedPtrField<v1::Warning> warnings;
  SandboxOperations::CreateOptions options;
  options.warnings = &warnings;
  ASSERT_TRUE(Create(operations_, WithRequest("r"), spec, options).ok());
  ASSERT_EQ(warnings.size(), 3);
  EXPECT_EQ(warnings[0].reason(), "AUTO_DELETE_OVERRIDDEN");
  EXPECT_THAT(warnings[0].metadata(), UnorderedElementsAre(Pair("sandbox_name", "box"), Pair("request_id", "r")));
  EXPECT_EQ(warnings[2].reason(), "PARAMETER_IGNORED");
  EXPECT_THAT(warnings[2].metadata(),
              UnorderedElementsAre(Pair("sandbox_name", "box"), Pair("request_id", "r"), Pair("sandbox_id", "id-1"),
                                   Pair("field", "spec.ttl_minutes")));
}

TEST_F(SandboxCreateTest, WhatTheAnswerLeavesOutIsLookedUpBeforeAnybodyIsWarned) {
  api_.version = ServerVersion{0, 226, 0};
  api_.answers<CreateSandbox>().Add(Started());
  v1::Sandbox whole = Started();
  whole.mutable_auto_destroy_at()->set_seconds(1);
  api_.answers<GetSandbox>().Add(whole);
  v1::SandboxSpec spec = Named("box");
  spec.set_ttl_minutes(5);
  google::protobuf::RepeatedPtrField<v1::Warning> warnings;
  SandboxOperations::CreateOptions options;
  options.warnings = &warnings;
  ASSERT_TRUE(Create(operations_, context_, spec, options).ok());
  EXPECT_TRUE(warnings.empty());
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox", "GetSandbox id-1"));
}

TEST_F(SandboxCreateTest, AStrictSpecThatTheServerIsKnownToIgnoreIsNotSent) {
  api_.version = ServerVersion{0, 190, 0};
  const absl::Status status = Create(context_, StrictlyFor(5)).status();
  EXPECT_EQ(ErrorReason(status), "PARAMETER_IGNORED");
  EXPECT_EQ(ErrorMetadataValue(status, "field"), "spec.ttl_minutes");
  EXPECT_THAT(api_.calls, ElementsAre());
}

TEST_F(SandboxCreateTest, AStrictSpecThatWasIgnoredIsUndone) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Started());
  api_.answers<DeleteSandbox>().Add(InState(v1::SANDBOX_STATE_DESTROYING, "destroying"));
  const absl::Status status = Create(context_, StrictlyFor(5)).status();
  EXPECT_EQ(ErrorReason(status), "PARAMETER_IGNORED");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox", "GetSandbox id-1", "DeleteSandbox id-1"));
}

TEST_F(SandboxCreateTest, WhatWasAdoptedIsNeverUndone) {
  api_.answers<CreateSandbox>().Add(NameTaken());
  v1::Sandbox old = Started();
  old.set_name(NameFromRequestId("r"));
  ListHas(old);
  api_.answers<GetSandbox>().Add(old);
  v1::SandboxSpec spec = StrictlyFor(5);
  spec.clear_name();
  const absl::Status status = Create(WithRequest("r"), spec).status();
  EXPECT_EQ(ErrorReason(status), "PARAMETER_IGNORED");
  EXPECT_EQ(std::ranges::count(api_.calls, "DeleteSandbox id-1"), 0);
}

TEST_F(SandboxCreateTest, WhatUpstreamGaveUpSaysSo) {
  api_.answers<CreateSandbox>().Add(Creating());
  v1::Sandbox given_up = InState(v1::SANDBOX_STATE_DESTROYED, "destroyed");
  given_up.mutable_queue_timed_out_at()->set_seconds(1795875334);
  api_.answers<GetSandbox>().Add(AbsentError("sandbox", "gone"));  // and then it can be read by its id
  api_.answers<GetSandbox>().Add(given_up);
  absl::Status status = Create(context_, Named("box")).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(ErrorReason(status), "QUEUE_TIMED_OUT");
  EXPECT_EQ(ErrorMetadataValue(status, "queue_timed_out_at"), "2026-11-28T14:15:34Z");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");

  given_up.clear_queue_timed_out_at();
  given_up.mutable_spot_evicted_at()->set_seconds(1795875334);
  FakeApi::Answers<absl::StatusOr<v1::Sandbox>> evicted;
  evicted.Add(given_up);
  api_.answers<GetSandbox>() = evicted;
  status = Create(context_, Named("box")).status();
  EXPECT_EQ(ErrorReason(status), "SPOT_EVICTED");
  EXPECT_EQ(ErrorMetadataValue(status, "spot_evicted_at"), "2026-11-28T14:15:34Z");
}

TEST_F(SandboxCreateTest, AFailedStartThatNamesNobodyIsLookedUpByName) {
  api_.answers<CreateSandbox>().Add(
      MakeError(absl::StatusCode::kFailedPrecondition, "SANDBOX_FAILED", "failed to start"));
  ListHas(Failed());
  api_.answers<GetSandbox>().Add(Failed());
  const absl::Status status = Create(context_, Named("box")).status();
  EXPECT_EQ(ErrorReason(status), "SANDBOX_FAILED");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_state"), "error");
}

TEST_F(SandboxCreateTest, ARepeatedCallGetsTheSandboxWithoutAnotherRequest) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Started());
  ASSERT_TRUE(Create(WithRequest("r"), {}).ok());
  api_.calls.clear();
  const absl::StatusOr<v1::Sandbox> again = Create(WithRequest("r"), {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_THAT(api_.calls, ElementsAre());
}

TEST_F(SandboxCreateTest, ARepeatedCallGoesOnWaitingWhereTheFirstGaveUp) {
  api_.answers<CreateSandbox>().Add(Creating());
  api_.answers<GetSandbox>().Add(Creating());
  SandboxOperations::CreateOptions options;
  options.timeout = std::chrono::milliseconds(50);
  const absl::Status first = Create(operations_, WithRequest("r"), {}, options).status();
  EXPECT_EQ(ErrorReason(first), "WAIT_TIMED_OUT");
  api_.answers<GetSandbox>().Add(Started());
  EXPECT_TRUE(Create(WithRequest("r"), {}).ok());
  EXPECT_EQ(std::ranges::count(api_.calls, "CreateSandbox"), 1);
}

}  // namespace
}  // namespace daytonad
