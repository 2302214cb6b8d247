#include "daemon/upstream/v0/bindings/bound_request.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/error.h"
#include "daemon/upstream/v0/transport/errors.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr char kId[] = "0daf0272-2824-474d-af76-f0f32c848493";

template <typename T>
T FromText(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// "path body" of the request that an RPC's message becomes.
template <typename Request>
std::string Bound(const std::string& text) {
  const Binding* const binding = FindBinding(Request());
  if (binding == nullptr) return "no binding";
  const RestRequest request = MakeBoundRequest(*binding, FromText<Request>(text), kId);
  return absl::StrCat(absl::StrJoin(request.segments(), "/"), " ", request.body().dump());
}

TEST(BoundRequestTest, PutsFieldsIntoThePath) {
  EXPECT_EQ(Bound<v1::SetSandboxAutoStopRequest>("sandbox: 'n' minutes: 5 request_id: 'r'"),
            absl::StrCat("sandbox/", kId, "/autostop/5 null"));
  EXPECT_EQ(Bound<v1::SetSandboxAutoDeleteRequest>("sandbox: 'n' minutes: -1"),
            absl::StrCat("sandbox/", kId, "/autodelete/-1 null"));
  EXPECT_EQ(Bound<v1::SetSandboxPublicRequest>("sandbox: 'n' is_public: false"),
            absl::StrCat("sandbox/", kId, "/public/false null"));
}

TEST(BoundRequestTest, TheRestIsTheBody) {
  EXPECT_EQ(Bound<v1::SetSandboxLabelsRequest>("sandbox: 'n' request_id: 'r' labels { key: 'a' value: 'b' }"),
            absl::StrCat("sandbox/", kId, R"(/labels {"labels":{"a":"b"}})"));
  EXPECT_EQ(Bound<v1::SetSandboxLabelsRequest>("sandbox: 'n'"),
            absl::StrCat("sandbox/", kId, R"(/labels {"labels":{}})"))
      << "which removes them all";
  EXPECT_EQ(Bound<v1::SetSandboxNetworkRequest>("sandbox: 'n' network_block_all: false network_allow_list {} "
                                                "domain_allow_list { entries: 'a.b' entries: '*.c' }"),
            absl::StrCat("sandbox/", kId,
                         R"(/network-settings {"networkBlockAll":false,"networkAllowList":"",)"
                         R"("domainAllowList":"a.b,*.c"})"));
  EXPECT_EQ(Bound<v1::SetSandboxNetworkRequest>("sandbox: 'n' network_block_all: true"),
            absl::StrCat("sandbox/", kId, R"(/network-settings {"networkBlockAll":true})"));
}

TEST(BoundRequestTest, QueriesHaveOneEntryForEachValueThatIsGiven) {
  const Binding binding = {.rpc = "WaitSandbox",
                           .path = "sandbox/{sandbox}",
                           .query = {{"states", "state"}, {"state_texts", "text"}, {"timeout", "limit"}}};
  const auto message =
      FromText<v1::WaitSandboxRequest>("sandbox: 'n' states: SANDBOX_STATE_STARTED states: SANDBOX_STATE_STOPPED");
  EXPECT_THAT(MakeBoundRequest(binding, message, kId).query(),
              ElementsAre(Pair("state", "started"), Pair("state", "stopped")));
}

TEST(BoundRequestTest, IsAboutItsObject) {
  const Binding* const binding = FindBinding(v1::RefreshSandboxActivityRequest());
  ASSERT_NE(binding, nullptr);
  const RestRequest by_id = MakeBoundRequest(*binding, v1::RefreshSandboxActivityRequest(), kId);
  EXPECT_EQ(by_id.subject(), Subject::kSandbox);
  EXPECT_EQ(by_id.object(), kId);
  EXPECT_THAT(by_id.tags(), ElementsAre(Pair("sandbox_id", kId)));
  const RestRequest by_name = MakeBoundRequest(*binding, v1::RefreshSandboxActivityRequest(), "n");
  EXPECT_THAT(by_name.tags(), ElementsAre(Pair("sandbox_name", "n")));
  EXPECT_EQ(by_name.idempotency(), Idempotency::kIdempotentWrite);
}

TEST(BoundRequestTest, ARowSaysWhatItsRefusalsMean) {
  const Binding binding = {.rpc = "StartSandbox",
                           .path = "sandbox/{sandbox}",
                           .refusals = {{400, "not on a tuesday*", Subject::kNone,
                                         absl::StatusCode::kFailedPrecondition, "WRONG_STATE", "Not today", "Wait"}}};
  HttpResponse response;
  response.status = 400;
  response.body = R"({"path": "/x", "statusCode": 400, "error": "Bad Request", "message": "Not on a Tuesday, ever"})";
  const RestRequest request = MakeBoundRequest(binding, v1::StartSandboxRequest(), kId);
  EXPECT_EQ(ErrorReason(ErrorFromResponse(request, response)), "WRONG_STATE");
  response.body = R"({"path": "/x", "statusCode": 400, "error": "Bad Request", "message": "something else"})";
  EXPECT_EQ(ErrorReason(ErrorFromResponse(request, response)), "UPSTREAM_BAD_REQUEST");
}

TEST(BoundAnswerTest, GoesIntoAFieldOrTheResponseItself) {
  const Json json = Json::parse(R"({"id": "i", "name": "n", "state": "started", "labels": {"a": "b"}})");
  v1::SetSandboxPublicResponse with_sandbox;
  ASSERT_TRUE(ReadBoundAnswer(*FindBinding(v1::SetSandboxPublicRequest()), json, with_sandbox).ok());
  EXPECT_EQ(with_sandbox.sandbox().state(), v1::SANDBOX_STATE_STARTED);
  v1::SetSandboxLabelsResponse with_labels;
  ASSERT_TRUE(ReadBoundAnswer(*FindBinding(v1::SetSandboxLabelsRequest()), json, with_labels).ok());
  EXPECT_EQ(with_labels.labels().at("a"), "b");
}

}  // namespace
}  // namespace daytonad
