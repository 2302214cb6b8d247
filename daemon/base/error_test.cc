#include "daemon/base/error.h"
#include "daemon/base/error_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "google/rpc/error_details.pb.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(ErrorTest, CarriesReasonDomainAndMetadataAsErrorInfo) {
  const absl::Status status = MakeError(absl::StatusCode::kNotFound, "SANDBOX_NOT_FOUND", "No such sandbox.",
                                        {{"sandbox", "web-1"}, {"http_status", "404"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "No such sandbox.");

  const auto payload = status.GetPayload(kErrorInfoUrl);
  ASSERT_TRUE(payload.has_value());
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(std::string(*payload)));
  EXPECT_EQ(info.reason(), "SANDBOX_NOT_FOUND");
  EXPECT_EQ(info.domain(), "daytonad");
  EXPECT_EQ(info.metadata().at("sandbox"), "web-1");
  EXPECT_EQ(ErrorReason(status), "SANDBOX_NOT_FOUND");
  EXPECT_EQ(ErrorMetadataValue(status, "http_status"), "404");
  EXPECT_EQ(ErrorMetadataValue(status, "other"), std::nullopt);
}

TEST(ErrorTest, AnErrorWithoutDetailsHasNoReason) {
  EXPECT_EQ(ErrorReason(absl::InternalError("x")), "");
  EXPECT_EQ(ErrorMetadataValue(absl::InternalError("x"), "a"), std::nullopt);
  EXPECT_EQ(ErrorReason(absl::OkStatus()), "");
}

TEST(ErrorTest, ABrokenDetailIsNoReason) {
  absl::Status status = absl::InternalError("x");
  status.SetPayload(kErrorInfoUrl, absl::Cord("\xff\xff\xff"));
  EXPECT_EQ(ErrorReason(status), "");
}

TEST(ErrorTest, MetadataIsAddedAndOverwrittenAndKeepsTheRest) {
  absl::Status status = MakeError(absl::StatusCode::kInternal, "R", "m", {{"a", "1"}});
  status = WithErrorMetadata(std::move(status), "b", "2");
  status = WithErrorMetadata(std::move(status), "a", "3");
  EXPECT_EQ(ErrorReason(status), "R");
  EXPECT_EQ(ErrorMetadataValue(status, "a"), "3");
  EXPECT_EQ(ErrorMetadataValue(status, "b"), "2");
}

TEST(ErrorTest, AnErrorInPlaceOfAnotherTellsWhatThatWasAbout) {
  const absl::Status lost = MakeError(absl::StatusCode::kUnavailable, "LOST", "m", {{"a", "1"}, {"b", "2"}});
  const absl::Status status =
      WithMetadataOf(MakeError(absl::StatusCode::kDeadlineExceeded, "LATE", "n", {{"b", "3"}}), lost);
  EXPECT_EQ(ErrorReason(status), "LATE");
  EXPECT_EQ(ErrorMetadataValue(status, "a"), "1");
  EXPECT_EQ(ErrorMetadataValue(status, "b"), "3");
  EXPECT_EQ(WithMetadataOf(absl::OkStatus(), lost), absl::OkStatus());
  EXPECT_EQ(WithMetadataOf(lost, absl::OkStatus()), lost);
}

TEST(ErrorTest, MetadataOnSuccessIsIgnored) {
  EXPECT_EQ(WithErrorMetadata(absl::OkStatus(), "a", "1"), absl::OkStatus());
}

TEST(ErrorTest, OtherWordsKeepCodeAndDetails) {
  absl::Status status = MakeError(absl::StatusCode::kUnavailable, "R", "old");
  status = WithErrorMessage(WithRetryDelay(std::move(status), milliseconds(1500)), "new");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "new");
  EXPECT_EQ(ErrorReason(status), "R");
  EXPECT_EQ(RetryDelay(status), milliseconds(1500));
}

TEST(ErrorTest, RetryDelayComesBackToTheMillisecond) {
  EXPECT_EQ(RetryDelay(absl::UnavailableError("x")), std::nullopt);
  for (const milliseconds delay : {milliseconds(0), milliseconds(1), milliseconds(999), milliseconds(61'007)}) {
    EXPECT_EQ(RetryDelay(WithRetryDelay(absl::UnavailableError("x"), delay)), delay);
  }
}

TEST(FieldViolationsTest, NoneIsOk) {
  const FieldViolations violations;
  EXPECT_TRUE(violations.empty());
  EXPECT_TRUE(violations.ToStatus().ok());
}

TEST(FieldViolationsTest, AllAreReportedAtOnce) {
  FieldViolations violations;
  violations.Add("sandbox", "must not be empty");
  violations.Add("", "give one of id and name");
  EXPECT_FALSE(violations.empty());

  const absl::Status status = violations.ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(status), "INVALID_REQUEST");
  EXPECT_EQ(status.message(), "sandbox: must not be empty; give one of id and name");

  google::rpc::BadRequest bad_request;
  const auto payload = status.GetPayload(kBadRequestUrl);
  ASSERT_TRUE(payload.has_value());
  ASSERT_TRUE(bad_request.ParseFromString(std::string(*payload)));
  ASSERT_EQ(bad_request.field_violations_size(), 2);
  EXPECT_EQ(bad_request.field_violations(0).field(), "sandbox");
  EXPECT_THAT(bad_request.field_violations(1).description(), HasSubstr("id and name"));
}

TEST(FieldViolationsTest, OfVeryManyTheFirstAreToldAndAllAreCounted) {
  FieldViolations violations;
  for (int i = 0; i < 100'000; ++i) violations.Add("labels[\"" + std::string(5000, 'k') + "\"]", "has a line break");
  const absl::Status status = violations.ToStatus();
  EXPECT_LT(status.message().size(), 5000U);
  EXPECT_THAT(std::string(status.message()), ::testing::EndsWith("; and 99984 more"));
  EXPECT_EQ(ErrorMetadataValue(status, "violations"), "100000");
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(bad_request.ParseFromString(std::string(*status.GetPayload(kBadRequestUrl))));
  EXPECT_EQ(bad_request.field_violations_size(), 16);
}

}  // namespace
}  // namespace daytonad
