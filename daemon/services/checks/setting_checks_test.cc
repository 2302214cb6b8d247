#include "daemon/services/checks/setting_checks.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;

// The error's text; empty if the request is valid.
template <typename Request>
std::string ProblemOf(const std::string& text) {
  Request request;
  if (!google::protobuf::TextFormat::ParseFromString(text, &request)) return "the test's text can't be parsed";
  FieldViolations violations;
  CheckSetting(request, violations);
  return std::string(violations.ToStatus().message());
}

template <typename Request>
class SpanTest : public ::testing::Test {};
using Spans = ::testing::Types<v1::SetSandboxAutoStopRequest, v1::SetSandboxAutoPauseRequest,
                               v1::SetSandboxAutoArchiveRequest, v1::SetSandboxTtlRequest>;
TYPED_TEST_SUITE(SpanTest, Spans);

TYPED_TEST(SpanTest, IsGivenAndNotNegative) {
  EXPECT_EQ(ProblemOf<TypeParam>("sandbox: 'a' minutes: 0"), "");
  EXPECT_THAT(ProblemOf<TypeParam>("sandbox: 'a'"), HasSubstr("minutes: is required"));
  EXPECT_THAT(ProblemOf<TypeParam>("sandbox: 'a' minutes: -1"), HasSubstr("minutes: is -1"));
  EXPECT_THAT(ProblemOf<TypeParam>("minutes: 5"), HasSubstr("sandbox: is required"));
}

TEST(SettingChecksTest, AutoDeleteMayBeNegativeForNever) {
  EXPECT_EQ(ProblemOf<v1::SetSandboxAutoDeleteRequest>("sandbox: 'a' minutes: -1"), "");
  EXPECT_THAT(ProblemOf<v1::SetSandboxAutoDeleteRequest>("sandbox: 'a'"), HasSubstr("minutes: is required"));
}

TEST(SettingChecksTest, LabelsMayBeEmptyButNotTheirKeys) {
  EXPECT_EQ(ProblemOf<v1::SetSandboxLabelsRequest>("sandbox: 'a'"), "");
  EXPECT_THAT(ProblemOf<v1::SetSandboxLabelsRequest>("sandbox: 'a' labels { key: '' value: 'x' }"),
              HasSubstr("empty key"));
}

TEST(SettingChecksTest, PublicIsSaidEitherWay) {
  EXPECT_EQ(ProblemOf<v1::SetSandboxPublicRequest>("sandbox: 'a' is_public: false"), "");
  EXPECT_THAT(ProblemOf<v1::SetSandboxPublicRequest>("sandbox: 'a'"), HasSubstr("is_public: is required"));
}

TEST(SettingChecksTest, ANetworkRequestChangesSomething) {
  using Request = v1::SetSandboxNetworkRequest;
  EXPECT_THAT(ProblemOf<Request>("sandbox: 'a'"), HasSubstr("nothing to change"));
  EXPECT_EQ(ProblemOf<Request>("sandbox: 'a' network_block_all: false"), "");
  EXPECT_EQ(ProblemOf<Request>("sandbox: 'a' network_allow_list {}"), "") << "an empty list removes the limit";
  EXPECT_THAT(ProblemOf<Request>("sandbox: 'a' domain_allow_list { entries: 'a,b' }"), HasSubstr("without commas"));
  std::string many = "sandbox: 'a' network_allow_list {";
  for (int i = 0; i < 11; ++i) absl::StrAppend(&many, " entries: '10.0.0.", i, "/32'");
  EXPECT_THAT(ProblemOf<Request>(many + "}"), HasSubstr("at most 10"));
}

TEST(SettingChecksTest, ActivityNeedsTheSandboxOnly) {
  EXPECT_EQ(ProblemOf<v1::RefreshSandboxActivityRequest>("sandbox: 'a'"), "");
  EXPECT_THAT(ProblemOf<v1::RefreshSandboxActivityRequest>(""), HasSubstr("sandbox: is required"));
}

}  // namespace
}  // namespace daytonad
