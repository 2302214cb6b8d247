#include "client/cpp/error.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace daytonad::client {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ErrorFrom, ReadsAllDetails) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_reason("INVALID_REQUEST");
  (*info.mutable_metadata())["limit"] = "10";
  details.add_details()->PackFrom(info);
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("spec.name");
  violation->set_description("has a newline");
  details.add_details()->PackFrom(bad_request);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  details.add_details()->PackFrom(retry);
  details.add_details()->set_type_url("type.googleapis.com/some.Other");

  const Error error = ErrorFrom(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "bad", details.SerializeAsString()));

  EXPECT_EQ(error.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.message, "bad");
  EXPECT_EQ(error.reason, "INVALID_REQUEST");
  EXPECT_THAT(error.metadata, ElementsAre(Pair("limit", "10")));
  ASSERT_EQ(error.violations.size(), 1U);
  EXPECT_EQ(error.violations[0].field, "spec.name");
  EXPECT_EQ(error.violations[0].description, "has a newline");
  EXPECT_EQ(error.retry_delay, std::chrono::milliseconds(1500));
}

TEST(ErrorFrom, ToleratesMissingAndBrokenDetails) {
  const Error bare = ErrorFrom(grpc::Status(grpc::StatusCode::UNAVAILABLE, "no"));
  EXPECT_EQ(bare.reason, "");
  EXPECT_FALSE(bare.retry_delay.has_value());
  const Error broken = ErrorFrom(grpc::Status(grpc::StatusCode::INTERNAL, "no", "\xff\xff\xff"));
  EXPECT_EQ(broken.code, grpc::StatusCode::INTERNAL);
  EXPECT_EQ(broken.reason, "");
}

TEST(CodeName, KnowsEveryCode) {
  EXPECT_EQ(CodeName(grpc::StatusCode::OK), "OK");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAUTHENTICATED), "UNAUTHENTICATED");
  EXPECT_EQ(CodeName(static_cast<grpc::StatusCode>(99)), "CODE_99");
}

}  // namespace
}  // namespace daytonad::client
