#include "daemon/services/rpc/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/base/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace daytonad {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kCjk[] = "\xE4\xB8\xAD";

std::string Repeated(std::string_view text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

// What a client reads from a status.
struct Read {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::RetryInfo retry;
};

Read ReadBack(const grpc::Status& status) {
  Read read;
  EXPECT_TRUE(read.details.ParseFromString(status.error_details()));
  for (const google::protobuf::Any& detail : read.details.details()) {
    if (detail.type_url() == kErrorInfoUrl) {
      EXPECT_TRUE(read.info.ParseFromString(detail.value()));
    }
    if (detail.type_url() == kBadRequestUrl) {
      EXPECT_TRUE(read.bad_request.ParseFromString(detail.value()));
    }
    if (detail.type_url() == kRetryInfoUrl) {
      EXPECT_TRUE(read.retry.ParseFromString(detail.value()));
    }
  }
  EXPECT_EQ(read.details.code(), static_cast<int>(status.error_code()));
  EXPECT_EQ(read.details.message(), status.error_message());
  return read;
}

TEST(GrpcStatusTest, WhatFitsIsSentAsItIs) {
  absl::Status error = MakeError(absl::StatusCode::kNotFound, "SANDBOX_NOT_FOUND", "There is no sandbox \xC3\xA9.",
                                 {{"upstream_message", std::string(1500, 'm')}});
  error = WithRetryDelay(std::move(error), std::chrono::milliseconds(1500));
  const grpc::Status status = ToGrpcStatus(error);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "There is no sandbox \xC3\xA9.");
  const Read read = ReadBack(status);
  EXPECT_EQ(read.info.metadata().at("upstream_message"), std::string(1500, 'm'));
  EXPECT_EQ(read.retry.retry_delay().nanos(), 500'000'000);
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(GrpcStatusTest, AnErrorWithoutAReasonGetsOne) {
  EXPECT_EQ(ReadBack(ToGrpcStatus(absl::InternalError("x"))).info.reason(), "INTERNAL");
}

TEST(GrpcStatusTest, ALongReasonOfUpstreamIsCutAndWhatItIsAboutStays) {
  for (const std::string& text : {std::string(65'536, 'e'), Repeated(kCjk, 20'000)}) {
    absl::Status error =
        MakeError(absl::StatusCode::kFailedPrecondition, "SANDBOX_FAILED", "The sandbox failed: " + text,
                  {{"sandbox_id", "4f7c"}, {"sandbox_name", Repeated(kCjk, 170)}, {"upstream_message", text}});
    error = WithRetryDelay(std::move(error), std::chrono::seconds(2));
    const grpc::Status status = ToGrpcStatus(error);
    EXPECT_LE(HeaderBytes(status), kMaxStatusBytes);
    EXPECT_THAT(status.error_message(), StartsWith("The sandbox failed: "));
    EXPECT_THAT(status.error_message(), EndsWith(" bytes more)"));
    EXPECT_GT(status.error_message().size(), 250U);
    const Read read = ReadBack(status);
    EXPECT_EQ(read.info.reason(), "SANDBOX_FAILED");
    EXPECT_EQ(read.info.metadata().at("sandbox_id"), "4f7c");
    EXPECT_EQ(read.info.metadata().at("sandbox_name"), Repeated(kCjk, 170));
    EXPECT_THAT(read.info.metadata().at("upstream_message"), HasSubstr(" bytes more)"));
    EXPECT_EQ(read.retry.retry_delay().seconds(), 2);
  }
}

TEST(GrpcStatusTest, OfManyViolationsTheFirstAreToldAndAllCounted) {
  FieldViolations violations;
  for (int i = 0; i < 50; ++i) violations.Add("spec.labels[\"" + Repeated(kCjk, 60) + "\"]", Repeated(kCjk, 90));
  const grpc::Status status = ToGrpcStatus(violations.ToStatus());
  EXPECT_LE(HeaderBytes(status), kMaxStatusBytes);
  const Read read = ReadBack(status);
  EXPECT_EQ(read.info.reason(), "INVALID_REQUEST");
  EXPECT_EQ(read.info.metadata().at("violations"), "50");
  EXPECT_GE(read.bad_request.field_violations_size(), 1);
}

// A random text: ASCII, Chinese, or any bytes.
std::string RandomText(std::mt19937& random, size_t longest) {
  const size_t size = random() % longest;
  switch (random() % 3) {
    case 0:
      return std::string(size, 'a');
    case 1:
      return Repeated(kCjk, size / 3);
    default:
      break;
  }
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST(GrpcStatusTest, WhateverAnErrorHasItFitsAndIsWhole) {
  std::mt19937 random(20260720);
  for (int round = 0; round < 300; ++round) {
    const size_t longest = size_t{1} << (1 + random() % 15);
    ErrorMetadata metadata;
    for (size_t i = random() % 40; i > 0; --i) metadata[absl::StrCat("key_", i)] = RandomText(random, longest);
    for (const char* key : {"outcome", "request_id", "sandbox_id", "sandbox_name", "snapshot_id", "snapshot_name"}) {
      if (random() % 2 == 0) metadata[key] = RandomText(random, longest);
    }
    FieldViolations violations;
    for (size_t i = random() % 200; i > 0; --i)
      violations.Add(RandomText(random, longest), RandomText(random, longest));
    absl::Status error = MakeError(absl::StatusCode::kAborted, "SOME_REASON", RandomText(random, longest), metadata);
    if (const auto payload = violations.ToStatus().GetPayload(kBadRequestUrl); payload.has_value()) {
      error.SetPayload(kBadRequestUrl, *payload);
    }
    if (random() % 2 == 0) error = WithRetryDelay(std::move(error), std::chrono::seconds(7));

    const grpc::Status status = ToGrpcStatus(error);
    ASSERT_LE(HeaderBytes(status), kMaxStatusBytes);
    ASSERT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
    ASSERT_EQ(ToValidUtf8(status.error_message()), status.error_message());
    const Read read = ReadBack(status);  // which parses only if all strings are UTF-8
    ASSERT_EQ(read.info.reason(), "SOME_REASON");
    ASSERT_EQ(read.retry.has_retry_delay(), RetryDelay(error).has_value());
    for (const auto& [key, value] : metadata) {
      ASSERT_TRUE(key.starts_with("key_") || read.info.metadata().contains(key)) << key;
    }
  }
}

}  // namespace
}  // namespace daytonad
