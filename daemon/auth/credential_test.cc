#include "daemon/auth/credential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CredentialInputs Inputs(std::string api_key, std::string jwt_token, std::string organization_id) {
  return {std::move(api_key), std::move(jwt_token), std::move(organization_id)};
}

TEST(CredentialTest, ApiKeyIsSentWithoutOrganization) {
  const auto credential = MakeCredential(Inputs("dtn_key", "", "org-1"));
  ASSERT_TRUE(credential.ok());
  HttpRequest request;
  Authorize(*credential, request);
  EXPECT_EQ(request.bearer.Reveal(), "dtn_key");
  EXPECT_EQ(request.headers.Get("X-Daytona-Organization-ID"), "");
}

TEST(CredentialTest, ApiKeyWinsOverJwt) {
  const auto credential = MakeCredential(Inputs("dtn_key", "jwt", "org-1"));
  ASSERT_TRUE(credential.ok());
  EXPECT_EQ(credential->kind, Credential::Kind::kApiKey);
  EXPECT_EQ(credential->token.Reveal(), "dtn_key");
}

TEST(CredentialTest, JwtIsSentWithItsOrganization) {
  const auto credential = MakeCredential(Inputs("", "jwt", "org-1"));
  ASSERT_TRUE(credential.ok());
  HttpRequest request;
  Authorize(*credential, request);
  EXPECT_EQ(request.bearer.Reveal(), "jwt");
  EXPECT_EQ(request.headers.Get("x-daytona-organization-id"), "org-1");
}

TEST(CredentialTest, JwtWithoutOrganizationIsRefused) {
  const auto credential = MakeCredential(Inputs("", "jwt", ""));
  EXPECT_EQ(credential.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(credential.status()), "ORGANIZATION_ID_MISSING");
}

TEST(CredentialTest, NothingNamesWhatToSet) {
  const auto credential = MakeCredential(Inputs("", "", "org-1"));
  EXPECT_EQ(ErrorReason(credential.status()), "CREDENTIAL_MISSING");
  EXPECT_THAT(std::string(credential.status().message()), HasSubstr("DAYTONA_API_KEY"));
}

TEST(CredentialTest, TokensThatNoHeaderCanHoldAreRefusedAndNotRepeated) {
  for (const std::string& key : {std::string("dtn_a b"), std::string("dtn_\r\nX: y"), std::string("dtn_\0x", 6),
                                 std::string("dtn_\xc3\xa9"), std::string(20'000, 'k')}) {
    const auto credential = MakeCredential(Inputs(key, "", ""));
    EXPECT_EQ(ErrorReason(credential.status()), "CREDENTIAL_INVALID");
    EXPECT_THAT(std::string(credential.status().message()), Not(HasSubstr("dtn_")));
  }
  EXPECT_EQ(ErrorReason(MakeCredential(Inputs("", "jwt", "org\n1")).status()), "CREDENTIAL_INVALID");
}

}  // namespace
}  // namespace daytonad
