#include "daemon/services/rpc/request_scan.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daytonad/v1/build_service.pb.h"
#include "daytonad/v1/daemon_service.pb.h"
#include "daytonad/v1/daytona_service.pb.h"
#include "daytonad/v1/snapshot_service.pb.h"
#include "daytonad/v1/volume_service.pb.h"

namespace daytonad {
namespace {

// As it arrives, in pieces of `piece` bytes.
template <typename Request>
absl::Status ScanBytes(const std::string& bytes, size_t piece = 1000) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += piece) slices.emplace_back(bytes.substr(at, piece));
  return ScanRequest(grpc::ByteBuffer(slices.data(), slices.size()), *Request::descriptor());
}
template <typename Request>
absl::Status ScanMessage(const Request& request) {
  return ScanBytes<Request>(request.SerializeAsString());
}

v1::CreateSandboxRequest WithLabels(int labels) {
  v1::CreateSandboxRequest request;
  for (int i = 0; i < labels; ++i) (*request.mutable_spec()->mutable_labels())[absl::StrCat("k", i)] = "v";
  return request;
}

TEST(ScanRequestTest, TooManyEntriesAreRefusedByTheirField) {
  EXPECT_TRUE(ScanMessage(WithLabels(kMaxEntries)).ok());
  for (const int labels : {kMaxEntries + 1, 100'000}) {
    const absl::Status status = ScanMessage(WithLabels(labels));
    EXPECT_EQ(ErrorReason(status), "INVALID_REQUEST");
    EXPECT_EQ(status.message(), "spec.labels: has more than 1000 entries");
  }
}

TEST(ScanRequestTest, EncodingsOfOneMessageThatFollowEachOtherCountTogether) {
  std::string bytes;
  for (int i = 0; i < 3; ++i) bytes += WithLabels(400).SerializeAsString();
  EXPECT_EQ(ErrorReason(ScanBytes<v1::CreateSandboxRequest>(bytes)), "INVALID_REQUEST");
}

TEST(ScanRequestTest, NumbersThatArePackedAreCounted) {
  v1::WaitSandboxRequest request;
  for (int i = 0; i < kMaxEntries; ++i) request.add_states(v1::SANDBOX_STATE_STARTED);
  EXPECT_TRUE(ScanMessage(request).ok());
  request.add_states(v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(ScanMessage(request).message(), "states: has more than 1000 entries");
  std::string unpacked;
  for (int i = 0; i <= kMaxEntries; ++i) unpacked += "\x10\x05";
  EXPECT_EQ(ErrorReason(ScanBytes<v1::WaitSandboxRequest>(unpacked)), "INVALID_REQUEST");
}

TEST(ScanRequestTest, TheSizeIsLimitedButForFiles) {
  v1::CreateSandboxRequest request;
  request.mutable_spec()->set_dockerfile(std::string(kMaxTextBytes, 'x'));
  const absl::Status status = ScanMessage(request);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(ErrorReason(status), "REQUEST_TOO_LARGE");
  EXPECT_EQ(ErrorMetadataValue(status, "limit"), absl::StrCat(kMaxTextBytes));

  request.Clear();
  auto& step = *request.mutable_spec()->mutable_declarative_image()->add_steps();
  step.mutable_add_local_file()->mutable_file()->set_content(std::string(3 * kMaxTextBytes, 'x'));
  EXPECT_TRUE(ScanMessage(request).ok());
  v1::UploadBuildContextRequest data;
  data.set_data(std::string(3 * kMaxTextBytes, 'x'));
  EXPECT_TRUE(ScanMessage(data).ok());
  std::string empty_specs;
  for (size_t i = 0; i <= kMaxTextBytes / 2; ++i) empty_specs += std::string("\x0a\0", 2);
  EXPECT_EQ(ErrorReason(ScanBytes<v1::CreateSandboxRequest>(empty_specs)), "REQUEST_TOO_LARGE");
}

// Newer clients may send fields that are not known here, but not that many.
TEST(ScanRequestTest, UnknownFieldsAreFewToo) {
  const auto times = [](std::string_view field, int count) {
    std::string bytes;
    for (int i = 0; i < count; ++i) bytes += field;
    return bytes;
  };
  const std::string number("\xF8\x3F\x01", 3);  // field 1023, a number
  const std::string text("\xFA\x3F\x01x", 4);   // the same, a text
  const std::string other_kind("\x08\x01", 2);  // field 1, a string, as a number
  const std::string in_group = "\xFB\x3F" + times(number, 5) + "\xFC\x3F";
  for (const std::string& field : {number, text, other_kind}) {
    EXPECT_TRUE(ScanBytes<v1::GetSandboxRequest>(times(field, kMaxEntries)).ok());
    EXPECT_EQ(ErrorReason(ScanBytes<v1::GetSandboxRequest>(times(field, kMaxEntries + 1))), "INVALID_REQUEST");
  }
  EXPECT_TRUE(ScanBytes<v1::GetSandboxRequest>(times(in_group, 100)).ok());
  EXPECT_EQ(ErrorReason(ScanBytes<v1::GetSandboxRequest>(times(in_group, 200))), "INVALID_REQUEST");
}

TEST(ScanRequestTest, WhatIsBrokenIsNoMessage) {
  const std::string padding = "\x0a\xe8\x07" + std::string(1000, 'x');  // the field `sandbox`
  ASSERT_TRUE(ScanBytes<v1::GetSandboxRequest>(padding).ok());
  for (const std::string& end :
       {std::string("\x0a\x05"), std::string("\0", 1), std::string("\xFC\x3F"), std::string("\xFB\x3F"),
        std::string("\x12\x02\x08"), std::string("\x12\x01\x0a"), std::string(300, '\xFF')}) {
    EXPECT_EQ(ErrorReason(ScanBytes<v1::GetSandboxRequest>(padding + end)), "UNPARSABLE_REQUEST")
        << testing::PrintToString(end);
  }
}

void ExpectNoPackedFixedNumbers(const google::protobuf::Descriptor& type) {
  using google::protobuf::FieldDescriptor;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() != nullptr) ExpectNoPackedFixedNumbers(*field.message_type());
    const auto kind = field.cpp_type();
    const bool fixed = field.type() == FieldDescriptor::TYPE_FIXED32 || field.type() == FieldDescriptor::TYPE_FIXED64 ||
                       field.type() == FieldDescriptor::TYPE_SFIXED32 ||
                       field.type() == FieldDescriptor::TYPE_SFIXED64 || kind == FieldDescriptor::CPPTYPE_FLOAT ||
                       kind == FieldDescriptor::CPPTYPE_DOUBLE;
    EXPECT_FALSE(field.is_repeated() && fixed) << field.full_name() << ": Packed() takes it for varints";
  }
}

TEST(ScanRequestTest, KnowsAllKindsOfFieldsThatRequestsHave) {
  for (const auto* file :
       {v1::CreateSandboxRequest::descriptor()->file(), v1::CreateSnapshotRequest::descriptor()->file(),
        v1::CreateVolumeRequest::descriptor()->file(), v1::StreamBuildLogsRequest::descriptor()->file(),
        v1::GetDaemonInfoRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        ExpectNoPackedFixedNumbers(*file->service(s)->method(m)->input_type());
      }
    }
  }
}

}  // namespace
}  // namespace daytonad
