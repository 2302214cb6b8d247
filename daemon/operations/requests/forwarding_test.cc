#include "daemon/operations/requests/forwarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/operations/testing/operations_fixture.h"
#include "daytonad/v1/sandbox_settings.pb.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ForwardingTest : public OperationsFixture {
 protected:
  ForwardingTest() {
    auto response = std::make_shared<v1::SetSandboxPublicResponse>();
    response->mutable_sandbox()->set_id("id-1");
    api_.answers<ForwardedCall>().Add(std::shared_ptr<google::protobuf::Message>(std::move(response)));
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Send(CallContext context) {
    auto request = std::make_shared<Request>();
    request->set_sandbox("box");
    return RunTask(io_, forwarding_.MutateSandbox<Response>(std::move(context), "box", std::move(request)));
  }
  absl::StatusOr<v1::SetSandboxPublicResponse> SetPublic(CallContext context) {
    return Send<v1::SetSandboxPublicResponse, v1::SetSandboxPublicRequest>(std::move(context));
  }

  ForwardingOperations forwarding_{dependencies_};
};

TEST_F(ForwardingTest, SaysWhatTheCallIs) {
  const absl::StatusOr<v1::SetSandboxPublicResponse> response = SetPublic(context_);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->sandbox().id(), "id-1");
  ASSERT_EQ(api_.sent<ForwardedCall>().size(), 1U);
  const OperationInfo& info = api_.sent<ForwardedCall>()[0].info();
  EXPECT_EQ(info.name, "SetSandboxPublic");
  EXPECT_EQ(info.kind, ObjectKind::kSandbox);
  EXPECT_EQ(info.effect(), Effect::kMutation);
  EXPECT_EQ(info.key, "box");
  EXPECT_EQ(info.key_form, KeyForm::kIdOrName);
}

TEST_F(ForwardingTest, ARequestIdIsSentOnce) {
  EXPECT_TRUE(SetPublic(WithRequest("r")).ok());
  EXPECT_EQ(SetPublic(WithRequest("r"))->sandbox().id(), "id-1");
  EXPECT_EQ(api_.calls.size(), 1U);
}

TEST_F(ForwardingTest, AnErrorIsPassedOn) {
  FakeApi silent;
  const Dependencies dependencies{silent, watches_, cached_, clock_, io_.get_executor(), follower_, requests_, images_};
  ForwardingOperations forwarding(dependencies);
  auto request = std::make_shared<v1::SetSandboxPublicRequest>();
  const absl::StatusOr<v1::SetSandboxPublicResponse> response =
      RunTask(io_, forwarding.MutateSandbox<v1::SetSandboxPublicResponse>(context_, "box", std::move(request)));
  EXPECT_TRUE(absl::IsNotFound(response.status()));
}

// Keeps the outcomes for the next daemon.
class Outcomes final : public RequestPersistence {
 public:
  Task<void> NoteIntent(CallContext, StoredRequest) override { co_return; }
  Task<void> NoteOutcome(CallContext, StoredRequest request) override {
    request.when = std::chrono::system_clock::now();
    request.earlier.done = true;  // as the journal notes it
    stored.push_back(std::move(request));
    co_return;
  }
  void NoteConclusion(StoredRequest) override {}
  void Withdraw(StoredRequest) override {}

  std::vector<StoredRequest> stored;
};

TEST_F(ForwardingTest, WhatAnEarlierDaemonDidIsReadAndNotSentAgain) {
  Outcomes outcomes;
  IdempotencyStore before(io_.get_executor(), clock_, {}, &outcomes);
  IdempotencyStore after(io_.get_executor(), clock_);
  const auto with = [this](IdempotencyStore& requests) {
    return Dependencies{api_, watches_, cached_, clock_, io_.get_executor(), follower_, requests, images_};
  };
  ForwardingOperations earlier(with(before));
  ForwardingOperations later(with(after));
  const auto set_public = [this](ForwardingOperations& forwarding) {
    auto request = std::make_shared<v1::SetSandboxPublicRequest>();
    return RunTask(io_, forwarding.MutateSandbox<v1::SetSandboxPublicResponse>(WithRequest("r"), "box", request));
  };
  EXPECT_TRUE(set_public(earlier).ok());
  ASSERT_EQ(outcomes.stored.size(), 1U);
  api_.calls.clear();
  api_.answers<GetSandbox>().Add(Started());

  after.Restore(outcomes.stored);
  const absl::StatusOr<v1::SetSandboxPublicResponse> response = set_public(later);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->sandbox().state(), v1::SANDBOX_STATE_STARTED) << "as it is by now";
  EXPECT_THAT(api_.calls, ElementsAre("GetSandbox box"));
}

TEST_F(ForwardingTest, AResponseWithAFieldOfTheSandboxIsFilledInFromIt) {
  v1::Sandbox sandbox = Started();
  (*sandbox.mutable_labels())["set"] = "since";
  v1::SetSandboxLabelsResponse response;
  FillFromSandbox(sandbox, response);
  EXPECT_THAT(response.labels(), UnorderedElementsAre(Pair("set", "since")));
}

}  // namespace
}  // namespace daytonad
