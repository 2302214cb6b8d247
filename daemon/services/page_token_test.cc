#include "daemon/services/page_token.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "daemon/base/error.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {
namespace {

const CallContext kContext = CallContext::Background("test");

v1::ListSandboxesRequest Request(const std::string& label) {
  v1::ListSandboxesRequest request;
  (*request.mutable_filter()->mutable_labels())["team"] = label;
  return request;
}

TEST(PageTokenTest, GivesBackTheCursor) {
  const std::string scope = PageScope(kContext, Request("a"));
  const std::string cursor = "cursor==/+\xff";
  EXPECT_EQ(*DecodePageToken(scope, EncodePageToken(scope, cursor)), cursor);
}

TEST(PageTokenTest, NoTokenIsTheFirstPage) { EXPECT_EQ(*DecodePageToken(PageScope(kContext, Request("a")), ""), ""); }

TEST(PageTokenTest, RefusesATokenOfAnotherRequest) {
  const std::string token = EncodePageToken(PageScope(kContext, Request("a")), "cursor");
  const absl::StatusOr<std::string> decoded = DecodePageToken(PageScope(kContext, Request("b")), token);
  EXPECT_TRUE(absl::IsInvalidArgument(decoded.status()));
  EXPECT_EQ(ErrorReason(decoded.status()), "INVALID_REQUEST");
}

TEST(PageTokenTest, RefusesATokenOfAnotherBackend) {
  const auto scope_at = [](const char* backend) {
    auto identity = std::make_shared<CallIdentity>();
    identity->backend = backend;
    return PageScope(CallContext(std::move(identity), CallContext::TimePoint::max(), {}), Request("a"));
  };
  const std::string token = EncodePageToken(scope_at("one"), "cursor");
  EXPECT_EQ(*DecodePageToken(scope_at("one"), token), "cursor");
  EXPECT_TRUE(absl::IsInvalidArgument(DecodePageToken(scope_at("other"), token).status()));
}

TEST(PageTokenTest, RefusesWhatIsNoToken) {
  const std::string scope = PageScope(kContext, Request("a"));
  for (const char* token : {"x", "!!!", "AAAA", "AAAAAAAAAAA="}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodePageToken(scope, token).status())) << token;
  }
}

TEST(PageTokenTest, TheScopeDoesNotDependOnTheOrderOfAMap) {
  v1::ListSandboxesRequest one;
  v1::ListSandboxesRequest two;
  for (int i = 0; i < 50; ++i) (*one.mutable_filter()->mutable_labels())[std::to_string(i)] = "x";
  for (int i = 49; i >= 0; --i) (*two.mutable_filter()->mutable_labels())[std::to_string(i)] = "x";
  EXPECT_EQ(PageScope(kContext, one), PageScope(kContext, two));
}

}  // namespace
}  // namespace daytonad
