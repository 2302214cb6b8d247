#include "emulator/api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class ApiTest : public ApiFixture {
 protected:
  explicit ApiTest(EmulatorOptions options = {}) : ApiFixture(std::move(options)) {}

  void AddFault(const char* definition) { ASSERT_TRUE(api_.faults().Add(Json::parse(definition)).ok()); }
};

TEST_F(ApiTest, ErrorsHaveTheServersForm) {
  const Json body = Get("/api/nope?x=1").Parsed();
  EXPECT_EQ(body["path"], "/api/nope?x=1");
  EXPECT_EQ(body["timestamp"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(body["statusCode"], 404);
  EXPECT_EQ(body["error"], "Not Found");
  EXPECT_EQ(body["message"], "Cannot GET /api/nope?x=1");
}

TEST_F(ApiTest, RequiresAKeyExceptForHealthAndConfig) {
  EXPECT_EQ(Begin("GET", "/api/health", "", "wrong")->Status(), 200);
  EXPECT_EQ(Begin("GET", "/api/config", "", "wrong")->Parsed()["defaultSnapshot"], "daytonaio/sandbox:0.5.0-slim");
  const auto refused = Begin("GET", "/api/sandbox", "", "wrong");
  EXPECT_EQ(refused->Status(), 401);
  EXPECT_EQ(refused->Message(), "Invalid credentials");
  EXPECT_EQ(Begin("GET", "/snapshots/x/build-logs", "", "wrong")->Status(), 401);
  EXPECT_EQ(Begin("GET", "/api/api-keys/current", "", "a.b.c")->Status(), 401);
}

TEST_F(ApiTest, RefusesBodiesThatAreTooLargeOrNotJson) {
  const AnswerBytes large = Post("/api/sandbox", R"({"name":")" + std::string(102'400, 'x') + "\"}");
  EXPECT_EQ(large.Status(), 404);
  EXPECT_EQ(large.Message(), "Cannot POST /api/sandbox");
  const AnswerBytes broken = Post("/api/sandbox", "{\"name\":");
  EXPECT_EQ(broken.Status(), 400);
  EXPECT_EQ(broken.Body(), R"({"message":"Invalid JSON in request body","error":"Bad Request","statusCode":400})");
}

TEST_F(ApiTest, OutsideTheApiThereIsHtml) { EXPECT_THAT(Get("/sandbox/x").text, HasSubstr("text/html")); }

TEST_F(ApiTest, IssuesKeysForObjectStorage) {
  const Json access = Get("/api/object-storage/push-access").Parsed();
  EXPECT_EQ(access["storageUrl"], "http://127.0.0.1:3986/_storage");
  EXPECT_EQ(access["organizationId"], "9b86d47c-b189-42da-a03c-a6de832ae9a3");
  for (const char* member : {"accessKey", "secret", "sessionToken", "bucket", "region"}) {
    EXPECT_NE(access[member], "") << member;
  }
  EXPECT_NE(Get("/api/object-storage/push-access").Parsed()["secret"], access["secret"]);
}

TEST_F(ApiTest, KnowsItsRegionsAndKeepsOrganizationsFromKeys) {
  const Json regions = Get("/api/regions").Parsed();
  ASSERT_EQ(regions.size(), 2U);
  EXPECT_EQ(regions[0]["id"], "us");
  EXPECT_EQ(regions[0]["regionType"], "shared");
  EXPECT_EQ(Get("/api/organizations").Status(), 401);
  EXPECT_EQ(Get("/api/organizations").Message(), "Invalid credentials");
}

TEST_F(ApiTest, AnInstallationMayHaveNoObjectStorage) {
  world_.storage.set_configured(false);
  const AnswerBytes answer = Get("/api/object-storage/push-access");
  EXPECT_EQ(answer.Status(), 503);
  EXPECT_EQ(answer.Message(), "Object storage is not configured");
}

class TightApi : public ApiTest {
 protected:
  static EmulatorOptions Options() {
    EmulatorOptions options;
    options.rate_limits = {{"authenticated", {1, 60}}, {"failed-auth", {1, 30}}};
    options.accept_jwt = true;
    return options;
  }
  TightApi() : ApiTest(Options()) {}
};

TEST_F(TightApi, ASpentBudgetIsTheServersKindOf429) {
  EXPECT_TRUE(Get("/api/volumes").HasHeader("X-RateLimit-Remaining-authenticated: 0"));
  const AnswerBytes refused = Get("/api/volumes");
  EXPECT_EQ(refused.Status(), 429);
  EXPECT_EQ(refused.Message(), "ThrottlerException: Too Many Requests");
  EXPECT_TRUE(refused.HasHeader("Retry-After-authenticated: 60"));
  EXPECT_THAT(refused.text, Not(HasSubstr("X-RateLimit")));
  EXPECT_THAT(refused.text, Not(HasSubstr("Retry-After:")));
  time_.Advance(60s);
  EXPECT_EQ(Get("/api/volumes").Status(), 200);
}

TEST_F(TightApi, TooManyWrongKeysLockOutValidOnesToo) {
  EXPECT_EQ(Begin("GET", "/api/volumes", "", "wrong")->Status(), 401);
  const AnswerBytes refused = Get("/api/volumes");
  EXPECT_EQ(refused.Status(), 429);
  EXPECT_TRUE(refused.HasHeader("Retry-After: 30"));
}

TEST_F(TightApi, TakesATokenWithItsOrganization) {
  Request request;
  request.method = "GET";
  request.target = "/api/api-keys/current";
  request.headers = {{"authorization", "Bearer a.b.c"}, {"x-daytona-organization-id", "org"}};
  auto answer = std::make_shared<AnswerBytes>();
  api_.Handle(std::make_shared<Exchange>(std::move(request), answer));
  EXPECT_EQ(answer->Status(), 200);
}

TEST_F(TightApi, ATokenHasOrganizations) {
  Request request;
  request.method = "GET";
  request.target = "/api/organizations";
  request.headers = {{"authorization", "Bearer a.b.c"}};
  auto answer = std::make_shared<AnswerBytes>();
  api_.Handle(std::make_shared<Exchange>(std::move(request), answer));
  EXPECT_EQ(answer->Parsed()[0]["defaultRegionId"], "us");
}

TEST_F(ApiTest, RecordsRequestsWithoutTheSecret) {
  Post("/api/volumes?a=1&a=2", R"({"name":"v"})");
  Begin("GET", "/api/volumes", "", "wrong");
  const Json recorded = api_.recorder().ToJson(0);
  ASSERT_EQ(recorded["requests"].size(), 2U);
  const Json& first = recorded["requests"][0];
  EXPECT_EQ(first["method"], "POST");
  EXPECT_EQ(first["path"], "/api/volumes");
  EXPECT_EQ(first["query"].dump(), R"([["a","1"],["a","2"]])");
  EXPECT_EQ(first["headers"]["authorization"], "(correct)");
  EXPECT_EQ(first["body"]["name"], "v");
  EXPECT_EQ(first["status"], 200);
  EXPECT_EQ(recorded["requests"][1]["headers"]["authorization"], "(wrong)");
  EXPECT_EQ(recorded["total"], 2);
  EXPECT_EQ(recorded["byStatus"]["401"], 1);
  EXPECT_THAT(recorded.dump(), Not(HasSubstr("emulator-key")));
  EXPECT_EQ(api_.recorder().ToJson(1)["requests"].size(), 1U);
}

TEST_F(ApiTest, AnUnansweredRequestHasNoStatus) {
  Begin("POST", "/api/sandbox", "{}");
  EXPECT_TRUE(api_.recorder().ToJson(0)["requests"][0]["status"].is_null());
  exchange_->ClientGone();
  EXPECT_EQ(api_.recorder().ToJson(0)["requests"][0]["status"], 0);
}

TEST_F(ApiTest, AFaultAnswersInstead) {
  AddFault(R"({"match":{"method":"GET","path_regex":"^/api/volumes$","times":1},
               "fault":{"status":502,"body":"bad gateway","headers":{"X-A":"b"}}})");
  EXPECT_EQ(Get("/api/volumes/x").Status(), 404);
  const AnswerBytes failed = Get("/api/volumes");
  EXPECT_EQ(failed.Status(), 502);
  EXPECT_EQ(failed.Body(), "bad gateway");
  EXPECT_TRUE(failed.HasHeader("X-A: b"));
  EXPECT_EQ(Get("/api/volumes").Status(), 200);
  EXPECT_EQ(api_.faults().List()[0]["matched"], 1);
}

TEST_F(ApiTest, AFaultMayStrikeBeforeOrAfterTheRequestTookEffect) {
  AddFault(R"({"match":{"times":1},"fault":{"drop":true,"when":"before"}})");
  AddFault(R"({"match":{"times":1},"fault":{"drop":true,"when":"after"}})");
  const AnswerBytes before = Post("/api/volumes", R"({"name":"a"})");
  EXPECT_TRUE(before.finished);
  EXPECT_FALSE(before.kept);
  EXPECT_EQ(before.text, "");
  EXPECT_EQ(Post("/api/volumes", R"({"name":"b"})").text, "");
  EXPECT_EQ(Get("/api/volumes/by-name/a").Status(), 404);
  EXPECT_EQ(Get("/api/volumes/by-name/b").Status(), 200);
}

TEST_F(ApiTest, AFaultMayDelayTheRequestOrItsAnswer) {
  AddFault(R"({"match":{"times":1},"fault":{"delay_ms":100}})");
  const auto held = Begin("POST", "/api/volumes", R"({"name":"a"})");
  EXPECT_EQ(world_.volumes.List(false).size(), 0U);
  time_.Advance(100ms);
  EXPECT_EQ(held->Status(), 200);
  api_.faults().Clear();
  AddFault(R"({"match":{"times":1},"fault":{"delay_ms":100,"when":"after"}})");
  const auto late = Begin("POST", "/api/volumes", R"({"name":"b"})");
  EXPECT_EQ(world_.volumes.List(false).size(), 2U);
  EXPECT_FALSE(late->finished);
  time_.Advance(100ms);
  EXPECT_EQ(late->Status(), 200);
}

TEST_F(ApiTest, AFaultMayHoldTheRequestOrItsAnswerUntilItIsRemoved) {
  AddFault(R"({"match":{"times":1},"fault":{"hold":true}})");
  AddFault(R"({"match":{"times":1},"fault":{"hold":true,"when":"after"}})");
  const auto request = Begin("POST", "/api/volumes", R"({"name":"a"})");
  const auto answer = Begin("POST", "/api/volumes", R"({"name":"b"})");
  time_.Advance(1h);
  EXPECT_EQ(world_.volumes.List(false).size(), 1U);
  EXPECT_FALSE(request->finished);
  EXPECT_FALSE(answer->finished);
  api_.faults().Clear();
  time_.Advance(0ms);
  EXPECT_EQ(world_.volumes.List(false).size(), 2U);
  EXPECT_EQ(request->Status(), 200);
  EXPECT_EQ(answer->Status(), 200);
}

TEST_F(ApiTest, AFaultMayCutCorruptOrExtendTheBody) {
  AddFault(R"({"match":{"times":1},"fault":{"cut_after_bytes":5}})");
  AddFault(R"({"match":{"times":1},"fault":{"malformed_body":true}})");
  AddFault(R"({"match":{"times":1},"fault":{"extra_fields":true}})");
  AddFault(R"({"match":{"times":1},"fault":{"rate_limit":{"throttler":"sandbox-create","retry_after_s":3}}})");
  const AnswerBytes cut = Get("/api/config");
  EXPECT_EQ(cut.Body().size(), 5U);
  EXPECT_FALSE(cut.kept);
  EXPECT_TRUE(Get("/api/config").Parsed().is_discarded());
  EXPECT_TRUE(Get("/api/snapshots").Parsed()["items"][0].contains("emulatorExtraText"));
  EXPECT_TRUE(Get("/api/config").HasHeader("Retry-After-sandbox-create: 3"));
}

TEST_F(ApiTest, AFaultThatCutsBodiesLetsWholeOnesPass) {
  AddFault(R"({"match":{"method":"POST","times":1},"fault":{"cut_request_after_bytes":10}})");
  EXPECT_EQ(Post("/api/volumes", R"({"name":"v"})").Status(), 200);
  EXPECT_EQ(api_.PlanBody("GET", "/api/volumes").keep_receiving, nullptr);
  const auto first = api_.PlanBody("POST", "/api/volumes").keep_receiving;
  const auto second = api_.PlanBody("POST", "/api/volumes").keep_receiving;
  EXPECT_TRUE(first(9));
  EXPECT_FALSE(first(12));
  EXPECT_TRUE(second(12)) << "once is once";
}

TEST_F(ApiTest, RefusesInvalidFaults) {
  for (const char* text : {R"({})", R"({"fault":{}})", R"({"fault":{"status":500,"when":"never"}})",
                           R"({"match":{"path_regex":"("},"fault":{"status":500}})"}) {
    EXPECT_FALSE(api_.faults().Add(Json::parse(text)).ok()) << text;
  }
}

}  // namespace
}  // namespace daytonad::emulator
