#include "emulator/http/etag.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {
namespace {

Response Applied(std::string if_none_match, int status = 200, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  if (!if_none_match.empty()) request.headers.push_back({"If-None-Match", std::move(if_none_match)});
  Response response;
  response.status = status;
  response.content_type = "application/json; charset=utf-8";
  // As recorded of a real server.
  response.body = std::make_shared<const std::string>(R"({"status":"ok"})");
  ApplyEtag(request, response);
  return response;
}

constexpr const char* kTag = R"(W/"f-VaSQ4oDUiZblZNAEkkN+sX+q3Sg")";

TEST(Etag, IsTheRealServers) {
  const Response response = Applied("");
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].name, "ETag");
  EXPECT_EQ(response.headers[0].value, kTag);
  EXPECT_EQ(response.status, 200);
}

TEST(Etag, AMatchingTagGetsA304WithoutABody) {
  for (const std::string tags :
       {kTag, R"("f-VaSQ4oDUiZblZNAEkkN+sX+q3Sg")", "*", R"("x", W/"f-VaSQ4oDUiZblZNAEkkN+sX+q3Sg")"}) {
    const Response response = Applied(tags);
    EXPECT_EQ(response.status, 304) << tags;
    EXPECT_EQ(response.body, nullptr);
    EXPECT_EQ(response.content_type, "");
    EXPECT_EQ(response.headers[0].value, kTag);
  }
  EXPECT_EQ(Applied(R"("x")").status, 200);
}

TEST(Etag, IsIgnoredForErrorsAndOtherMethods) {
  EXPECT_EQ(Applied(kTag, 404).status, 404);
  EXPECT_EQ(Applied(kTag, 200, "POST").status, 200);
}

using EtagApiTest = ApiFixture;

TEST_F(EtagApiTest, EveryAnswerOfTheApiWithABodyHasOne) {
  EXPECT_TRUE(absl::StrContains(Get("/api/sandbox").text, "\r\nETag: W/"));
  EXPECT_TRUE(absl::StrContains(Get("/api/nope").text, "\r\nETag: W/"));
  EXPECT_FALSE(absl::StrContains(Get("/nope").text, "\r\nETag: W/"));
}

}  // namespace
}  // namespace daytonad::emulator
