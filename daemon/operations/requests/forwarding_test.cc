#include "daemon/operations/requests/forwarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

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

TEST_F(ForwardingTest, WhatAnEarlierDaemonDidIsReadAndNotSentAgain) {
  v1::Sandbox sandbox = Started();
  (*sandbox.mutable_labels())["set"] = "since";
  api_.answers<GetSandbox>().Add(std::move(sandbox));
  StoredRequest stored;
  stored.digest = "the same";
  stored.earlier.done = true;
  stored.when = std::chrono::system_clock::now();
  stored.id = "r";
  StoredRequest other = stored;
  other.id = "s";
  requests_.Restore({stored, other});

  EXPECT_EQ(SetPublic(WithRequest("r"))->sandbox().state(), v1::SANDBOX_STATE_STARTED);
  const auto labels = Send<v1::SetSandboxLabelsResponse, v1::SetSandboxLabelsRequest>(WithRequest("s"));
  ASSERT_TRUE(labels.ok()) << labels.status();
  EXPECT_THAT(labels->labels(), UnorderedElementsAre(Pair("set", "since")));
  EXPECT_THAT(api_.calls, ElementsAre("GetSandbox box", "GetSandbox box"));
}

}  // namespace
}  // namespace daytonad
