#include "daemon/auth/trusted_origins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;

TrustedOrigins Trust(const char* api, const std::vector<std::string>& extra = {}) {
  return *TrustedOrigins::Make(*BaseUrl::Parse(api), extra);
}

TEST(TrustedOriginsTest, TheApisOwnOriginIsTrusted) {
  const TrustedOrigins origins = Trust("http://127.0.0.1:3000/api");
  EXPECT_TRUE(origins.Contains("http://127.0.0.1:3000/sandboxes/x/build-logs?follow=true"));
  EXPECT_FALSE(origins.Contains("http://127.0.0.1:3001/"));
  EXPECT_FALSE(origins.Contains("https://127.0.0.1:3000/"));
  EXPECT_FALSE(origins.Contains("https://proxy.app.daytona.io/"));
}

TEST(TrustedOriginsTest, TheCloudBringsItsProxy) {
  const TrustedOrigins origins = Trust("https://app.daytona.io/api");
  EXPECT_TRUE(origins.Contains("https://app.daytona.io/x"));
  EXPECT_TRUE(origins.Contains("https://PROXY.app.daytona.io:443/sandboxes/x/build-logs"));
  EXPECT_FALSE(origins.Contains("http://proxy.app.daytona.io/"));
  EXPECT_FALSE(origins.Contains("https://other.app.daytona.io/"));
}

TEST(TrustedOriginsTest, ConfiguredOriginsAreAdded) {
  const TrustedOrigins origins =
      Trust("https://daytona.example/api", {"https://proxy.example", "http://10.0.0.1:4000/"});
  EXPECT_TRUE(origins.Contains("https://proxy.example/logs"));
  EXPECT_TRUE(origins.Contains("http://10.0.0.1:4000/logs"));
  EXPECT_FALSE(origins.Contains("https://evil.proxy.example/logs"));
}

TEST(TrustedOriginsTest, LookAlikesAndUnreadableUrlsAreNotTrusted) {
  const TrustedOrigins origins = Trust("https://app.daytona.io/api");
  for (const char* url : {"https://app.daytona.io@evil.example/", "https://app.daytona.io.evil.example/",
                          "https://evil.example/https://app.daytona.io/", "https://evil.example\\@app.daytona.io/",
                          "https://user:pass@app.daytona.io/", "//app.daytona.io/", "app.daytona.io", "",
                          "https://evil.example#@app.daytona.io/", "https://evil.example?@app.daytona.io/"}) {
    EXPECT_FALSE(origins.Contains(url)) << url;
  }
}

TEST(TrustedOriginsTest, AnOriginWithAPathIsRefusedWithTheRightForm) {
  const auto origins = TrustedOrigins::Make(*BaseUrl::Parse("https://app.daytona.io/api"), {"https://p.example/logs"});
  EXPECT_EQ(origins.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(origins.status().message()), HasSubstr("give https://p.example:443"));
  EXPECT_EQ(ErrorReason(TrustedOrigins::Make(*BaseUrl::Parse("https://app.daytona.io/api"), {"p.example"}).status()),
            "INVALID_URL");
}

}  // namespace
}  // namespace daytonad
