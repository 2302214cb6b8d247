// What a create does when its first answer does not settle it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "daemon/operations/testing/operations_fixture.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

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

  void ListHas(const v1::Sandbox& sandbox) {
    SandboxPage page;
    page.items.push_back(sandbox);
    api_.list_sandboxes.Add(page);
  }

  SandboxOperations operations_{with_, 10};
};

TEST_F(SandboxCreateTest, ALostAnswerIsPostedAgainAndThatOneCounts) {
  api_.create_sandbox.Add(ConnectionLost());
  api_.create_sandbox.Add(Started());
  EXPECT_TRUE(Create(context_, Named("box")).ok());
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox", "CreateSandbox"));
}

TEST_F(SandboxCreateTest, WhatTheLostRequestMadeIsAdopted) {
  api_.create_sandbox.Add(ConnectionLost());
  api_.create_sandbox.Add(NameTaken());
  api_.list_sandboxes.Add(SandboxPage());  // lists lag
  ListHas(Started());
  api_.get_sandbox.Add(Made(Started(), std::chrono::seconds(1)));
  const absl::StatusOr<v1::Sandbox> created = Create(context_, Named("box"));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->id(), "id-1");
  EXPECT_THAT(api_.calls,
              ElementsAre("CreateSandbox", "CreateSandbox", "ListSandboxes ", "ListSandboxes ", "GetSandbox id-1"));
}

TEST_F(SandboxCreateTest, WhatIsOlderThanTheRequestIsNotAdopted) {
  api_.create_sandbox.Add(ConnectionLost());
  api_.create_sandbox.Add(NameTaken());
  ListHas(Started());
  api_.get_sandbox.Add(Made(Started(), std::chrono::hours(1)));
  EXPECT_EQ(ErrorReason(Create(context_, Named("box")).status()), "NAME_TAKEN");
}

TEST_F(SandboxCreateTest, WhatHasOtherLabelsIsNotAdopted) {
  api_.create_sandbox.Add(ConnectionLost());
  api_.create_sandbox.Add(NameTaken());
  ListHas(Started());
  api_.get_sandbox.Add(Made(Started(), std::chrono::seconds(1)));
  v1::SandboxSpec spec = Named("box");
  (*spec.mutable_labels())["owner"] = "me";
  EXPECT_EQ(ErrorReason(Create(context_, spec).status()), "NAME_TAKEN");
}

TEST_F(SandboxCreateTest, WhatCanNotBeFoundIsSaidToBeUnknown) {
  api_.create_sandbox.Add(ConnectionLost());
  api_.create_sandbox.Add(NameTaken());
  api_.list_sandboxes.Add(SandboxPage());
  const absl::Status status = Create(context_, Named("box")).status();
  EXPECT_EQ(ErrorReason(status), "UPSTREAM_CONNECTION_LOST");
  EXPECT_EQ(ErrorMetadataValue(status, "outcome"), "unknown");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_name"), "box");
}

TEST_F(SandboxCreateTest, WithoutANameThereIsNothingToSettleBy) {
  api_.create_sandbox.Add(ConnectionLost());
  const absl::Status status = Create(context_, {}).status();
  EXPECT_EQ(ErrorMetadataValue(status, "outcome"), "unknown");
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox"));
}

TEST_F(SandboxCreateTest, ARequestIdGivesANameThatSettlesIt) {
  api_.create_sandbox.Add(ConnectionLost());
  api_.create_sandbox.Add(Started());
  EXPECT_TRUE(Create(WithRequest("r"), {}).ok());
  ASSERT_EQ(api_.new_sandboxes.size(), 2U);
  const std::string name = api_.new_sandboxes[0].spec.name();
  EXPECT_THAT(name, StartsWith("daytonad-"));
  EXPECT_EQ(api_.new_sandboxes[1].spec.name(), name);
}

TEST_F(SandboxCreateTest, ANameMadeOfTheRequestIdAloneProvesWhoseItIs) {
  // A daemon that was restarted since, and remembers nothing.
  api_.create_sandbox.Add(NameTaken());
  RequestKey key{"r", "digest"};
  api_.create_sandbox.Add(NameTaken());
  v1::Sandbox old = Made(Started(), std::chrono::hours(1));
  Create(WithRequest("r"), {}).IgnoreError();  // learns the name
  old.set_name(api_.new_sandboxes[0].spec.name());
  SandboxPage page;
  page.items.push_back(old);
  api_.list_sandboxes.Add(page);
  api_.get_sandbox.Add(old);
  RequestLog forgetful(io_.get_executor(), clock_);
  const Collaborators with{api_, watches_, cached_, clock_, io_.get_executor(), follower_, forgetful, images_};
  SandboxOperations restarted(with, 10);
  const absl::StatusOr<v1::Sandbox> adopted = Create(restarted, WithRequest("r"), {});
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  EXPECT_EQ(adopted->id(), "id-1");
}

TEST_F(SandboxCreateTest, AChosenNameThatIsTakenIsAnError) {
  api_.create_sandbox.Add(NameTaken());
  EXPECT_EQ(ErrorReason(Create(WithRequest("r"), Named("box")).status()), "NAME_TAKEN");
  EXPECT_THAT(api_.calls, ElementsAre("CreateSandbox"));
}

TEST_F(SandboxCreateTest, AFailedStartThatNamesNobodyIsLookedUpByName) {
  api_.create_sandbox.Add(MakeError(absl::StatusCode::kFailedPrecondition, "SANDBOX_FAILED", "failed to start"));
  ListHas(Failed());
  api_.get_sandbox.Add(Failed());
  const absl::Status status = Create(context_, Named("box")).status();
  EXPECT_EQ(ErrorReason(status), "SANDBOX_FAILED");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_id"), "id-1");
  EXPECT_EQ(ErrorMetadataValue(status, "sandbox_state"), "error");
}

TEST_F(SandboxCreateTest, ARepeatedCallGetsTheSandboxWithoutAnotherRequest) {
  api_.create_sandbox.Add(Creating());
  api_.get_sandbox.Add(Started());
  ASSERT_TRUE(Create(WithRequest("r"), {}).ok());
  api_.calls.clear();
  const absl::StatusOr<v1::Sandbox> again = Create(WithRequest("r"), {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_THAT(api_.calls, ElementsAre());
}

TEST_F(SandboxCreateTest, ARepeatedCallGoesOnWaitingWhereTheFirstGaveUp) {
  api_.create_sandbox.Add(Creating());
  api_.get_sandbox.Add(Creating());
  SandboxOperations::CreateOptions options;
  options.timeout = std::chrono::milliseconds(50);
  const absl::Status first = Create(operations_, WithRequest("r"), {}, options).status();
  EXPECT_EQ(ErrorReason(first), "WAIT_TIMED_OUT");
  api_.get_sandbox.Add(Started());
  EXPECT_TRUE(Create(WithRequest("r"), {}).ok());
  EXPECT_EQ(std::ranges::count(api_.calls, "CreateSandbox"), 1);
}

}  // namespace
}  // namespace daytonad
