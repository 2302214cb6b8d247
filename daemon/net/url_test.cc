#include "daemon/net/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(OriginTest, IsTheSameHoweverTheUrlIsWritten) {
  const Origin expected{"https", "app.daytona.io", 443};
  for (const char* url :
       {"https://app.daytona.io", "https://app.daytona.io/api?x=1#y", "HTTPS://APP.Daytona.IO:443/"}) {
    const auto origin = Origin::Of(url);
    ASSERT_TRUE(origin.ok()) << url << origin.status();
    EXPECT_EQ(*origin, expected) << url;
  }
  EXPECT_EQ(expected.ToString(), "https://app.daytona.io:443");
}

TEST(OriginTest, DiffersBySchemeHostAndPort) {
  const Origin origin = *Origin::Of("https://app.daytona.io/");
  for (const char* url : {"http://app.daytona.io/", "https://app.daytona.io.evil.example/",
                          "https://app.daytona.io:8443", "https://daytona.io", "https://app.daytona.io./"}) {
    EXPECT_NE(*Origin::Of(url), origin) << url;
  }
}

TEST(OriginTest, KnowsPlainHttpAndIpv6) {
  EXPECT_EQ(*Origin::Of("http://127.0.0.1/"), (Origin{"http", "127.0.0.1", 80}));
  EXPECT_EQ(*Origin::Of("http://[::1]:3000/x"), (Origin{"http", "[::1]", 3000}));
}

TEST(OriginTest, RefusesWhatIsNoHttpUrl) {
  for (const char* url : {"", "app.daytona.io/api", "localhost:3000", "ftp://host/", "file:///etc/passwd", "https://",
                          "http://host:0/", "http://host:99999/", "http://ho st/", "//host/"}) {
    const auto origin = Origin::Of(url);
    EXPECT_EQ(origin.status().code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(ErrorReason(origin.status()), "INVALID_URL") << url;
  }
}

TEST(OriginTest, RefusesCredentialsAndDoesNotRepeatThem) {
  for (const char* url : {"https://user:hunter2@host/", "https://hunter2@host/", "https://app.daytona.io@hunter2/"}) {
    const auto origin = Origin::Of(url);
    EXPECT_EQ(origin.status().code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(origin.status().message()), Not(HasSubstr("hunter2")));
  }
}

TEST(BaseUrlTest, JoinsWithAndWithoutSlashAndPath) {
  EXPECT_EQ(BaseUrl::Parse("https://app.daytona.io/api")->Join("/sandbox"), "https://app.daytona.io/api/sandbox");
  EXPECT_EQ(BaseUrl::Parse("https://app.daytona.io/api/")->Join("/sandbox?a=1"),
            "https://app.daytona.io/api/sandbox?a=1");
  EXPECT_EQ(BaseUrl::Parse("http://127.0.0.1:3000")->Join("/x"), "http://127.0.0.1:3000/x");
  EXPECT_EQ(BaseUrl::Parse("http://127.0.0.1:3000//")->Join("/x"), "http://127.0.0.1:3000/x");
  EXPECT_EQ(BaseUrl::Parse("http://127.0.0.1:3000/a/b/")->origin(), (Origin{"http", "127.0.0.1", 3000}));
}

TEST(BaseUrlTest, RefusesQueryAndFragmentEvenWhenEmpty) {
  for (const char* url : {"https://host/api?x=1", "https://host/api#top", "https://host/api?", "https://host/api#"}) {
    EXPECT_EQ(ErrorReason(BaseUrl::Parse(url).status()), "INVALID_URL") << url;
  }
}

TEST(EncodePathSegmentTest, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(EncodePathSegment("a/b c"), "a%2Fb%20c");
  EXPECT_EQ(EncodePathSegment("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(EncodePathSegment("100%?#&=+"), "100%25%3F%23%26%3D%2B");
  EXPECT_EQ(EncodePathSegment("\xc3\xa9"), "%C3%A9");
  EXPECT_EQ(EncodePathSegment(""), "");
}

TEST(EncodePathSegmentTest, DoesNotClimb) {
  EXPECT_EQ(EncodePathSegment("."), "%2E");
  EXPECT_EQ(EncodePathSegment(".."), "%2E%2E");
  EXPECT_EQ(EncodePathSegment("..."), "...");
  EXPECT_EQ(EncodePathSegment("../x"), "..%2Fx");
}

TEST(QueryStringTest, IsEmptyOrBeginsWithAQuestionMark) {
  QueryString query;
  EXPECT_EQ(query.text(), "");
  query.Add("limit", "10").Add("labels", R"({"a":"b c"})").Add("states", "x").Add("states", "y");
  EXPECT_EQ(query.text(), "?limit=10&labels=%7B%22a%22%3A%22b%20c%22%7D&states=x&states=y");
}

}  // namespace
}  // namespace daytonad
