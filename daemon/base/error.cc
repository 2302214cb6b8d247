#include "daemon/base/error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error_metadata.h"
#include "daemon/base/utf8.h"
#include "google/rpc/error_details.pb.h"

namespace daytonad {
namespace {

template <typename Detail>
std::optional<Detail> GetDetail(const absl::Status& status, absl::string_view url) {
  const auto payload = status.GetPayload(url);
  Detail detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

void SetDetail(absl::Status& status, absl::string_view url, const google::protobuf::MessageLite& detail) {
  status.SetPayload(url, absl::Cord(detail.SerializeAsString()));
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorMetadata& metadata) {
  absl::Status status(code, AbslView(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kErrorDomain));
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = ToValidUtf8(value);
  SetDetail(status, kErrorInfoUrl, info);
  return status;
}

std::string ErrorReason(const absl::Status& status) {
  const auto info = GetDetail<google::rpc::ErrorInfo>(status, kErrorInfoUrl);
  return info.has_value() ? info->reason() : std::string();
}

std::optional<std::string> ErrorMetadataValue(const absl::Status& status, std::string_view key) {
  const auto info = GetDetail<google::rpc::ErrorInfo>(status, kErrorInfoUrl);
  if (!info.has_value()) return std::nullopt;
  const auto entry = info->metadata().find(std::string(key));
  if (entry == info->metadata().end()) return std::nullopt;
  return entry->second;
}

absl::Status WithErrorMetadata(absl::Status status, std::string_view key, std::string_view value) {
  if (status.ok()) return status;
  auto info = GetDetail<google::rpc::ErrorInfo>(status, kErrorInfoUrl).value_or(google::rpc::ErrorInfo());
  info.set_domain(std::string(kErrorDomain));
  (*info.mutable_metadata())[std::string(key)] = ToValidUtf8(value);
  SetDetail(status, kErrorInfoUrl, info);
  return status;
}

absl::Status WithMetadataOf(absl::Status status, const absl::Status& other) {
  const auto from = GetDetail<google::rpc::ErrorInfo>(other, kErrorInfoUrl);
  if (status.ok() || !from.has_value()) return status;
  auto info = GetDetail<google::rpc::ErrorInfo>(status, kErrorInfoUrl).value_or(google::rpc::ErrorInfo());
  info.set_domain(std::string(kErrorDomain));
  info.mutable_metadata()->insert(from->metadata().begin(), from->metadata().end());  // keeps what is there
  SetDetail(status, kErrorInfoUrl, info);
  return status;
}

absl::Status WithErrorMessage(const absl::Status& status, std::string_view message) {
  absl::Status result(status.code(), AbslView(message));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

absl::Status WithRetryDelay(absl::Status status, std::chrono::milliseconds delay) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(delay.count() / 1000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay.count() % 1000) * 1'000'000);
  SetDetail(status, kRetryInfoUrl, retry);
  return status;
}

std::optional<std::chrono::milliseconds> RetryDelay(const absl::Status& status) {
  const auto retry = GetDetail<google::rpc::RetryInfo>(status, kRetryInfoUrl);
  if (!retry.has_value()) return std::nullopt;
  return std::chrono::milliseconds(retry->retry_delay().seconds() * 1000 + retry->retry_delay().nanos() / 1'000'000);
}

bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || ErrorReason(status) == "RATE_LIMITED";
}

void FieldViolations::Add(std::string_view field, std::string_view description) {
  constexpr size_t kMaxField = 160;
  constexpr size_t kMaxDescription = 320;
  if (violations_.size() == kMaxTold) {
    ++untold_;
    return;
  }
  violations_.push_back(
      {ToValidUtf8(Shortened(field, kMaxField)), ToValidUtf8(Shortened(description, kMaxDescription))});
}

absl::Status FieldViolations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  google::rpc::BadRequest bad_request;
  for (const Violation& violation : violations_) {
    auto& entry = *bad_request.add_field_violations();
    entry.set_field(violation.field);
    entry.set_description(violation.description);
  }
  std::string message = absl::StrJoin(violations_, "; ", [](std::string* out, const Violation& violation) {
    absl::StrAppend(out, violation.field, violation.field.empty() ? "" : ": ", violation.description);
  });
  ErrorMetadata metadata;
  if (untold_ > 0) {
    absl::StrAppend(&message, "; and ", untold_, " more");
    metadata["violations"] = absl::StrCat(violations_.size() + untold_);
  }
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", message, metadata);
  SetDetail(status, kBadRequestUrl, bad_request);
  return status;
}

}  // namespace daytonad
