#include "daemon/net/http/http_client.h"

#include <optional>

#include "absl/strings/match.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// A metadata entry of the ErrorInfo, not a payload of its own: payloads become details of the answer to the caller.
constexpr std::string_view kDeliveryKey = "delivery";
constexpr std::string_view kNotSentValue = "not_sent";
constexpr std::string_view kUnknownValue = "unknown";

}  // namespace

std::string_view HttpMethodName(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet:
      return "GET";
    case HttpMethod::kPost:
      return "POST";
    case HttpMethod::kPut:
      return "PUT";
    case HttpMethod::kPatch:
      return "PATCH";
    case HttpMethod::kDelete:
      return "DELETE";
    case HttpMethod::kHead:
      return "HEAD";
  }
  return "GET";
}

void HttpHeaders::Add(std::string_view name, std::string_view value) { entries_.emplace_back(name, value); }

std::string_view HttpHeaders::Get(std::string_view name) const {
  for (const auto& [key, value] : entries_) {
    if (absl::EqualsIgnoreCase(key, AbslView(name))) return value;
  }
  return {};
}

Delivery DeliveryOf(const absl::Status& status) {
  const std::optional<std::string> value = ErrorMetadataValue(status, kDeliveryKey);
  return value == kNotSentValue ? Delivery::kNotSent : Delivery::kUnknown;
}

absl::Status WithDelivery(absl::Status status, Delivery delivery) {
  return WithErrorMetadata(std::move(status), kDeliveryKey,
                           delivery == Delivery::kNotSent ? kNotSentValue : kUnknownValue);
}

}  // namespace daytonad
