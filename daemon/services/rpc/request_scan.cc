#include "daemon/services/rpc/request_scan.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/error.h"
#include "daemon/services/rpc/rpc_errors.h"

namespace daytonad {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

absl::Status TooLarge() {
  return MakeError(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE",
                   absl::StrCat("The request has more than ", kMaxTextBytes,
                                " bytes, the content of files not counted. Send less, or files by UploadBuildContext."),
                   {{"limit", std::to_string(kMaxTextBytes)}});
}

absl::Status TooMany(const std::string& field, std::string_view problem) {
  FieldViolations violations;
  violations.Add(field, problem);
  return violations.ToStatus();
}

// One pass over a message. It counts over the whole request and not per message, because protobuf merges several
// encodings of the same message into one.
class Scan {
 public:
  Scan(CodedInputStream& input, const Descriptor& type) : input_(input), type_(type) {}

  absl::Status Run() { return Message(type_); }

 private:
  // Reads up to the end of the input, or to its current limit.
  absl::Status Message(const Descriptor& type) {
    int groups = 0;  // open ones; their fields are unknown
    while (true) {
      const int before = input_.CurrentPosition();
      const uint32_t tag = input_.ReadTag();
      if (tag == 0) return groups == 0 && input_.ConsumedEntireMessage() ? absl::OkStatus() : Broken();
      const FieldDescriptor* const field = groups == 0 ? FieldOf(type, tag) : nullptr;
      absl::Status status;
      switch (WireFormatLite::GetTagWireType(tag)) {
        case WireFormatLite::WIRETYPE_START_GROUP:
          status = ++groups <= kMaxGroups ? Unknown() : Broken();
          break;
        case WireFormatLite::WIRETYPE_END_GROUP:
          status = --groups >= 0 ? absl::OkStatus() : Broken();
          break;
        default:
          status = Value(tag, field);
          break;
      }
      if (!status.ok()) return status;
      counted_bytes_ += CountedBytes(field, before);
      if (counted_bytes_ > kMaxTextBytes) return TooLarge();
    }
  }

  absl::Status Part(const FieldDescriptor& field) {
    path_.push_back(field.name());
    absl::Status status = Message(*field.message_type());
    path_.pop_back();
    return status;
  }

  absl::Status Value(uint32_t tag, const FieldDescriptor* field) {
    const bool delimited = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (field == nullptr) {
      if (absl::Status status = Unknown(); !status.ok()) return status;
    } else if (field->is_repeated() && !(delimited && field->is_packable())) {
      if (absl::Status status = Count(*field, 1); !status.ok()) return status;
    }
    if (!delimited) return WireFormatLite::SkipField(&input_, tag) ? absl::OkStatus() : Broken();
    int length = 0;
    if (!input_.ReadVarintSizeAsInt(&length)) return Broken();
    if (field == nullptr || (field->type() != FieldDescriptor::TYPE_MESSAGE && !field->is_packable())) {
      return input_.Skip(length) ? absl::OkStatus() : Broken();
    }
    const CodedInputStream::Limit limit = input_.PushLimit(length);
    if (input_.BytesUntilLimit() != length) return Broken();  // longer than the message around it
    absl::Status status = field->is_packable() ? Packed(*field) : Part(*field);
    input_.PopLimit(limit);
    return status;
  }

  // All packed fields of requests are varints; a fixed-size one would be counted as more entries.
  absl::Status Packed(const FieldDescriptor& field) {
    while (input_.BytesUntilLimit() > 0) {
      uint64_t ignored = 0;
      if (!input_.ReadVarint64(&ignored)) return Broken();
      if (absl::Status status = Count(field, 1); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Count(const FieldDescriptor& field, int entries) {
    int& count = counts_[&field];
    count += entries;
    if (count <= kMaxEntries) return absl::OkStatus();
    std::vector<std::string> path = path_;
    path.push_back(field.name());
    return TooMany(absl::StrJoin(path, "."), absl::StrCat("has more than ", kMaxEntries, " entries"));
  }

  absl::Status Unknown() {
    if (++unknown_ <= kMaxEntries) return absl::OkStatus();
    return TooMany("",
                   absl::StrCat("The request has more than ", kMaxEntries, " fields that this daemon does not know"));
  }

  // The size of the field that was just read.
  size_t CountedBytes(const FieldDescriptor* field, int before) const {
    constexpr size_t kTagAndLength = 2;
    const auto all = static_cast<size_t>(input_.CurrentPosition() - before);
    if (field == nullptr) return all;
    if (field->type() == FieldDescriptor::TYPE_BYTES) return kTagAndLength;
    return field->type() == FieldDescriptor::TYPE_MESSAGE ? kTagAndLength : all;  // its content has been counted
  }

  // Null if the type has no such field, or one with another wire type: protobuf's parser treats both as unknown.
  static const FieldDescriptor* FieldOf(const Descriptor& type, uint32_t tag) {
    const FieldDescriptor* const field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field == nullptr) return nullptr;
    const auto wire_type = WireFormatLite::GetTagWireType(tag);
    const bool packed = field->is_packable() && wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    const auto own_type = static_cast<WireFormatLite::FieldType>(field->type());
    return packed || wire_type == WireFormatLite::WireTypeForFieldType(own_type) ? field : nullptr;
  }

  absl::Status Broken() const { return UnparsableRequest(type_.full_name()); }

  // The limit of protobuf's parser.
  static constexpr int kMaxGroups = 100;

  CodedInputStream& input_;
  const Descriptor& type_;
  std::vector<std::string> path_;
  absl::flat_hash_map<const FieldDescriptor*, int> counts_;
  int unknown_ = 0;
  size_t counted_bytes_ = 0;
};

}  // namespace

absl::Status ScanRequest(const grpc::ByteBuffer& bytes, const Descriptor& type) {
  // Most requests are so small that they cannot have too many entries.
  if (!bytes.Valid() || bytes.Length() <= static_cast<size_t>(kMaxEntries)) return absl::OkStatus();
  grpc::ByteBuffer readable(bytes);  // shares the slices
  grpc::ProtoBufferReader reader(&readable);
  CodedInputStream input(&reader);
  return Scan(input, type).Run();
}

}  // namespace daytonad
