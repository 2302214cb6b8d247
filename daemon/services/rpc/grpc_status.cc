#include "daemon/services/rpc/grpc_status.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace daytonad {
namespace {

constexpr absl::string_view kTypeUrlPrefix = "type.googleapis.com/google.rpc.";
// The daemon has no longer reasons.
constexpr size_t kMaxKey = 64;

// The parts of an error.
struct Parts {
  int code = 0;
  std::string message;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  std::vector<google::protobuf::Any> others;  // RetryInfo, which is small
};

// Size limits of the parts.
struct Measure {
  size_t message;
  size_t name;   // a metadata value that names the object
  size_t value;  // any other metadata value
  size_t entries;
  size_t violations;
  size_t violation_text;
};

// From generous to strict. With the last one every error fits.
constexpr std::array<Measure, 6> kMeasures = {{
    {.message = 2048, .name = 512, .value = 1024, .entries = 32, .violations = 16, .violation_text = 320},
    {.message = 1024, .name = 512, .value = 512, .entries = 32, .violations = 16, .violation_text = 160},
    {.message = 512, .name = 512, .value = 256, .entries = 24, .violations = 8, .violation_text = 128},
    {.message = 256, .name = 512, .value = 128, .entries = 16, .violations = 4, .violation_text = 96},
    {.message = 192, .name = 256, .value = 64, .entries = 12, .violations = 2, .violation_text = 64},
    {.message = 128, .name = 96, .value = 48, .entries = 10, .violations = 1, .violation_text = 48},
}};

// A caller needs these to go on: the object, and whether the mutation may have been carried out.
bool IsIdentity(std::string_view key) {
  constexpr std::string_view kKeys[] = {"outcome",     "request_id",    "sandbox_id", "sandbox_name",
                                        "snapshot_id", "snapshot_name", "volume_id",  "volume_name"};
  return std::ranges::find(kKeys, key) != std::end(kKeys);
}

template <typename Detail>
bool Take(absl::string_view url, absl::string_view of_this_type, const absl::Cord& payload, Detail& detail) {
  return url == of_this_type && detail.ParseFromString(std::string(payload));
}

Parts TakeApart(const absl::Status& status) {
  Parts parts;
  parts.code = static_cast<int>(status.code());
  parts.message = ToValidUtf8(StdView(status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    if (!absl::StartsWith(url, kTypeUrlPrefix)) return;
    if (Take(url, kErrorInfoUrl, payload, parts.info) || Take(url, kBadRequestUrl, payload, parts.bad_request)) return;
    google::protobuf::Any& other = parts.others.emplace_back();
    other.set_type_url(std::string(url));
    other.set_value(std::string(payload));
  });
  return parts;
}

google::rpc::ErrorInfo Cut(const google::rpc::ErrorInfo& info, const Measure& measure) {
  google::rpc::ErrorInfo cut;
  cut.set_reason(Shortened(info.reason(), kMaxKey));
  cut.set_domain(Shortened(info.domain(), kMaxKey));
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : info.metadata()) {
    if (key.size() <= kMaxKey) keys.push_back(key);
  }
  // In order of importance.
  std::ranges::sort(keys, {}, [](std::string_view key) { return std::pair(!IsIdentity(key), key); });
  keys.resize(std::min(keys.size(), measure.entries));
  for (const std::string_view key : keys) {
    const std::string& value = info.metadata().at(std::string(key));
    (*cut.mutable_metadata())[std::string(key)] = Shortened(value, IsIdentity(key) ? measure.name : measure.value);
  }
  return cut;
}

google::rpc::BadRequest Cut(const google::rpc::BadRequest& all, const Measure& measure) {
  google::rpc::BadRequest cut;
  for (const auto& violation : all.field_violations()) {
    if (cut.field_violations_size() == static_cast<int>(measure.violations)) break;
    auto& entry = *cut.add_field_violations();
    entry.set_field(Shortened(violation.field(), measure.violation_text));
    entry.set_description(Shortened(violation.description(), measure.violation_text));
  }
  return cut;
}

Parts Cut(const Parts& whole, const Measure& measure) {
  Parts cut;
  cut.code = whole.code;
  cut.message = Shortened(whole.message, measure.message);
  cut.info = Cut(whole.info, measure);
  cut.bad_request = Cut(whole.bad_request, measure);
  const int told = cut.bad_request.field_violations_size();
  const int all = whole.bad_request.field_violations_size();
  // insert() keeps an earlier value, which counts more.
  if (told < all) cut.info.mutable_metadata()->insert({"violations", absl::StrCat(all)});
  for (const google::protobuf::Any& other : whole.others) {
    if (other.type_url() == StdView(kRetryInfoUrl)) cut.others.push_back(other);
  }
  return cut;
}

void AddDetail(absl::string_view url, const google::protobuf::MessageLite& message, google::rpc::Status& status) {
  google::protobuf::Any& detail = *status.add_details();
  detail.set_type_url(std::string(url));
  detail.set_value(message.SerializeAsString());
}

grpc::Status PutTogether(const Parts& parts) {
  google::rpc::Status details;
  details.set_code(parts.code);
  details.set_message(parts.message);
  AddDetail(kErrorInfoUrl, parts.info, details);
  if (!parts.bad_request.field_violations().empty()) AddDetail(kBadRequestUrl, parts.bad_request, details);
  for (const google::protobuf::Any& other : parts.others) *details.add_details() = other;
  return {static_cast<grpc::StatusCode>(parts.code), parts.message, details.SerializeAsString()};
}

size_t InPercents(std::string_view text) {
  const auto as_it_is = std::ranges::count_if(text, [](char c) { return c >= ' ' && c <= '~' && c != '%'; });
  return 3 * text.size() - 2 * static_cast<size_t>(as_it_is);
}

size_t InBase64(size_t bytes) { return (bytes + 2) / 3 * 4; }

}  // namespace

size_t HeaderBytes(const grpc::Status& status) {
  constexpr size_t kEach = 32;
  // If no message was sent before, initial and trailing metadata share one header block.
  constexpr std::string_view kOthers[] = {":status200", "content-typeapplication/grpc", "grpc-status16",
                                          "grpc-accept-encodingidentity, deflate, gzip"};
  size_t bytes = 0;
  for (const std::string_view other : kOthers) bytes += other.size() + kEach;
  bytes += std::string_view("grpc-message").size() + InPercents(status.error_message()) + kEach;
  bytes += std::string_view("grpc-status-details-bin").size() + InBase64(status.error_details().size()) + kEach;
  return bytes;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (ErrorReason(status).empty()) return ToGrpcStatus(MakeError(status.code(), "INTERNAL", StdView(status.message())));
  const Parts whole = TakeApart(status);
  grpc::Status result = PutTogether(whole);
  for (const Measure& measure : kMeasures) {
    if (HeaderBytes(result) <= kMaxStatusBytes) break;
    result = PutTogether(Cut(whole, measure));
  }
  return result;
}

}  // namespace daytonad
