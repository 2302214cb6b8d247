#include "daemon/services/page_token.h"

#include <gtest/gtest.h>

#include "daemon/base/error.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {
namespace {

v1::ListSandboxesRequest Request(const std::string& label) {
  v1::ListSandboxesRequest request;
  (*request.mutable_filter()->mutable_labels())["team"] = label;
  return request;
}

TEST(PageTokenTest, GivesBackTheCursor) {
  const std::string scope = PageScope(Request("a"));
  const std::string cursor = "cursor==/+\xff";
  EXPECT_EQ(*DecodePageToken(scope, EncodePageToken(scope, cursor)), cursor);
}

TEST(PageTokenTest, NoTokenIsTheFirstPage) { EXPECT_EQ(*DecodePageToken(PageScope(Request("a")), ""), ""); }

TEST(PageTokenTest, RefusesATokenOfAnotherRequest) {
  const std::string token = EncodePageToken(PageScope(Request("a")), "cursor");
  const absl::StatusOr<std::string> decoded = DecodePageToken(PageScope(Request("b")), token);
  EXPECT_TRUE(absl::IsInvalidArgument(decoded.status()));
  EXPECT_EQ(ErrorReason(decoded.status()), "INVALID_REQUEST");
}

TEST(PageTokenTest, RefusesWhatIsNoToken) {
  const std::string scope = PageScope(Request("a"));
  for (const char* token : {"x", "!!!", "AAAA", "AAAAAAAAAAA="}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodePageToken(scope, token).status())) << token;
  }
}

TEST(PageTokenTest, TheScopeDoesNotDependOnTheOrderOfAMap) {
  v1::ListSandboxesRequest one;
  v1::ListSandboxesRequest two;
  for (int i = 0; i < 50; ++i) (*one.mutable_filter()->mutable_labels())[std::to_string(i)] = "x";
  for (int i = 49; i >= 0; --i) (*two.mutable_filter()->mutable_labels())[std::to_string(i)] = "x";
  EXPECT_EQ(PageScope(one), PageScope(two));
}

}  // namespace
}  // namespace daytonad
