#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "daemon/base/absent.h"
#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"
#include "daemon/upstream/v0/bindings/binding.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;

constexpr char kId[] = "0daf0272-2824-474d-af76-f0f32c848493";

// A call about the sandbox `key`.
template <typename Request, typename Response>
ForwardedCall CallAbout(const std::string& key, const std::string& text) {
  auto request = std::make_shared<Request>();
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.get())) << text;
  const OperationInfo info("Test", ObjectKind::kSandbox, OperationRole::kMutate, key, KeyForm::kIdOrName);
  return ForwardedCall(info, std::move(request), Response::default_instance());
}

class ForwardedCallsTest : public RestApiFixture {
 protected:
  ForwardedCall::Result SetAutoStop(const std::string& key) {
    return Run(api_->Run(context_, CallAbout<v1::SetSandboxAutoStopRequest, v1::SetSandboxAutoStopResponse>(
                                       key, "sandbox: 'given' minutes: 5")));
  }
};

TEST_F(ForwardedCallsTest, IsOneRequestByItsRow) {
  http_.Answer(201, R"({"id": "i", "name": "n", "state": "started", "autoStopInterval": 5})");
  const ForwardedCall::Result response = SetAutoStop(kId);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(static_cast<const v1::SetSandboxAutoStopResponse&>(**response).sandbox().auto_stop_minutes(), 5);
  EXPECT_THAT(http_.Lines(), ElementsAre(std::string("POST http://api.test/api/sandbox/") + kId + "/autostop/5"));
}

TEST_F(ForwardedCallsTest, AnAnswerWithoutContentIsTheEmptyResponse) {
  http_.Answer(201, "");
  EXPECT_TRUE(Run(api_->Run(context_, CallAbout<v1::RefreshSandboxActivityRequest, v1::RefreshSandboxActivityResponse>(
                                          kId, "sandbox: 'a'")))
                  .ok());
}

TEST_F(ForwardedCallsTest, IsSentAgainSinceItIsIdempotent) {
  http_.Fail(ConnectionLost()).Answer(201, R"({"id": "i", "state": "started"})");
  EXPECT_TRUE(SetAutoStop(kId).ok());
  EXPECT_EQ(http_.requests().size(), 2U);
}

TEST_F(ForwardedCallsTest, AnAnswerThatIsNotDaytonasIsAFailedAttempt) {
  http_.Answer(200, "<html>login</html>").Answer(201, R"({"id": "i", "state": "started"})");
  EXPECT_TRUE(SetAutoStop(kId).ok());
}

TEST_F(ForwardedCallsTest, AMissingObjectAndAMissingRouteAreToldApart) {
  http_.Answer(404,
               std::string(R"({"path": "/x", "statusCode": 404, "error": "Not Found", "message": "Sandbox with )") +
                   R"(ID or name box not found"})");
  EXPECT_TRUE(IsAbsent(SetAutoStop("box").status()));
  http_.Answer(404,
               R"({"path": "/x", "statusCode": 404, "error": "Not Found", "message": "Cannot POST /api/sandbox/x"})");
  const absl::Status no_route = SetAutoStop("box").status();
  EXPECT_EQ(ErrorReason(no_route), "NOT_SUPPORTED_BY_UPSTREAM");
  EXPECT_EQ(no_route.code(), absl::StatusCode::kUnimplemented);
}

TEST_F(ForwardedCallsTest, WithoutARowItIsNotSupported) {
  const ForwardedCall::Result response =
      Run(api_->Run(context_, CallAbout<v1::GetSandboxRequest, v1::GetSandboxResponse>(kId, "sandbox: 'a'")));
  EXPECT_EQ(ErrorReason(response.status()), "NOT_SUPPORTED_BY_UPSTREAM");
  EXPECT_TRUE(http_.requests().empty());
}

// A row of the daemon inside the sandbox.
class ToolboxTest : public ForwardedCallsTest {
 protected:
  ForwardedCall::Result Stop() {
    static const Binding kRow = {.rpc = "StopSandbox",
                                 .method = HttpMethod::kPost,
                                 .base = RestBase::kToolbox,
                                 .path = "process/stop",
                                 .body = true};
    return Run(api_->RunBound(
        context_, kRow,
        CallAbout<v1::StopSandboxRequest, v1::StopSandboxResponse>("box", "sandbox: 'box' force: true")));
  }
};

TEST_F(ToolboxTest, GoesToTheSandboxsOwnUrl) {
  http_.Answer(200, R"({"id": "i", "name": "box", "state": "started", "toolboxProxyUrl": "http://api.test/toolbox"})")
      .Answer(200, "{}");
  const ForwardedCall::Result response = Stop();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(http_.Lines(),
              ElementsAre("GET http://api.test/api/sandbox/box", "POST http://api.test/toolbox/i/process/stop"));
  EXPECT_EQ(http_.requests()[1].body, R"({"force":true})") << "the sandbox is in the URL";
}

TEST_F(ToolboxTest, AnOldServerTellsTheUrlOnDemand) {
  http_.Answer(200, R"({"id": "i", "name": "box", "state": "started"})")
      .Answer(200, R"({"url": "http://api.test/toolbox"})")
      .Answer(200, "{}");
  ASSERT_TRUE(Stop().ok());
  EXPECT_EQ(http_.Lines()[1], "GET http://api.test/api/sandbox/i/toolbox-proxy-url");
}

TEST_F(ToolboxTest, TheCredentialGoesToTrustedOriginsOnly) {
  http_.Answer(200, R"({"id": "i", "state": "started", "toolboxProxyUrl": "http://elsewhere.test/toolbox"})");
  const absl::Status refused = Stop().status();
  EXPECT_EQ(ErrorReason(refused), "UNTRUSTED_ORIGIN");
  EXPECT_EQ(http_.requests().size(), 1U);
}

}  // namespace
}  // namespace daytonad
