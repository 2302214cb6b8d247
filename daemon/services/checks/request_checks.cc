#include "daemon/services/checks/request_checks.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

bool HasControlCharacter(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// What JavaScript's trim() removes: upstream is written in it.
constexpr std::string_view kWhiteSpace[] = {
    " ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u00a0", "\u1680", "\u2000",
    "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",
    "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff",
};

bool IsBlank(std::string_view text) {
  while (!text.empty()) {
    const auto* const space =
        std::ranges::find_if(kWhiteSpace, [&](std::string_view s) { return text.starts_with(s); });
    if (space == std::end(kWhiteSpace)) return false;
    text.remove_prefix(space->size());
  }
  return true;
}

}  // namespace

void CheckObject(std::string_view field, const std::string& value, FieldViolations& violations) {
  if (value.empty()) violations.Add(field, "is required: give an id or a name");
  CheckName(field, value, violations);
}

void CheckName(std::string_view field, const std::string& value, FieldViolations& violations) {
  if (value.size() > kMaxNameBytes) {
    violations.Add(field, absl::StrCat("has ", value.size(), " bytes; an id or a name has at most ", kMaxNameBytes));
  } else if (value == "." || value == "..") {
    violations.Add(field, "is neither an id nor a name");
  } else if (!value.empty() && IsBlank(value)) {
    violations.Add(field, "has nothing but white space");
  } else {
    CheckOneLine(field, value, violations);
  }
}

void CheckFitsIntoUrl(std::string_view field, size_t bytes, FieldViolations& violations) {
  if (bytes <= kMaxUrlBytes) return;
  violations.Add(field,
                 absl::StrCat("has ", bytes, " bytes; it becomes part of a URL, and has at most ", kMaxUrlBytes));
}

void CheckOneLine(std::string_view field, const std::string& value, FieldViolations& violations) {
  if (HasControlCharacter(value)) violations.Add(field, "has a line break or another control character");
}

void CheckLabels(std::string_view field, const google::protobuf::Map<std::string, std::string>& labels,
                 FieldViolations& violations) {
  for (const auto& [key, value] : labels) {
    const std::string path = absl::StrCat(AbslView(field), "[\"", key, "\"]");
    if (key.empty()) violations.Add(path, "has an empty key");
    if (HasControlCharacter(key)) {
      violations.Add(field, "has a key with a line break or another control character");
    } else {
      CheckOneLine(path, value, violations);
    }
  }
}

void CheckPageSize(int page_size, FieldViolations& violations) {
  if (page_size < 0 || page_size > kMaxPageSize) {
    violations.Add("page_size", absl::StrCat("is ", page_size, "; it must be 1 to ", kMaxPageSize, ", or 0 for 100"));
  }
}

void CheckPageNumber(int page, FieldViolations& violations) {
  if (page < 1) violations.Add("page", absl::StrCat("is ", page, "; pages count from 1"));
}

void CheckNotNegative(std::string_view field, int64_t value, FieldViolations& violations) {
  if (value < 0) violations.Add(field, absl::StrCat("is ", value, "; it must not be negative"));
}

void CheckAtLeastOne(std::string_view field, int64_t value, FieldViolations& violations) {
  if (value < 1) violations.Add(field, absl::StrCat("is ", value, "; it must be at least 1"));
}

void CheckAmount(std::string_view field, double amount, FieldViolations& violations) {
  constexpr double kMost = std::numeric_limits<int32_t>::max();
  if (!(amount > 0)) {  // also for NaN
    violations.Add(field, absl::StrCat("is ", amount, "; it must be more than 0"));
  } else if (amount > kMost) {
    violations.Add(field, absl::StrCat("is ", amount, "; it must be at most ", std::numeric_limits<int32_t>::max()));
  } else if (amount != std::trunc(amount)) {
    violations.Add(field, absl::StrCat("is ", amount, "; this upstream takes whole numbers only"));
  }
}

void CheckResources(std::string_view field, const v1::Resources& resources, FieldViolations& violations) {
  const auto path = [&](const char* name) { return absl::StrCat(AbslView(field), ".", name); };
  if (resources.has_cpu()) CheckAmount(path("cpu"), resources.cpu(), violations);
  if (resources.has_memory_gib()) CheckAmount(path("memory_gib"), resources.memory_gib(), violations);
  if (resources.has_disk_gib()) CheckAmount(path("disk_gib"), resources.disk_gib(), violations);
  if (resources.has_gpu()) CheckNotNegative(path("gpu"), resources.gpu(), violations);
  if (!resources.gpu_types().empty() && !resources.gpu_type_texts().empty()) {
    violations.Add(path("gpu_type_texts"), "can't be given together with gpu_types; name all kinds in one of the two");
  }
  for (const int type : resources.gpu_types()) {
    if (type == v1::GPU_TYPE_UNSPECIFIED || !v1::GpuType_IsValid(type)) {
      violations.Add(path("gpu_types"), absl::StrCat("has no kind of number ", type,
                                                     "; a kind that the enum does not know goes into gpu_type_texts"));
    }
  }
}

void CheckSortOrder(v1::SortOrder order, FieldViolations& violations) {
  if (!v1::SortOrder_IsValid(order))
    violations.Add("order", absl::StrCat("is no SortOrder: ", static_cast<int>(order)));
}

Clock::Duration CheckDuration(std::string_view field, const google::protobuf::Duration& duration,
                              FieldViolations& violations) {
  // A longer duration means "no limit", and would overflow the clock.
  constexpr int64_t kLongest = int64_t{100} * 365 * 24 * 3600;
  if (std::abs(int64_t{duration.nanos()}) >= kNanosPerSecond || (duration.seconds() > 0 && duration.nanos() < 0)) {
    violations.Add(field, "is no valid duration: nanos must be less than a second, and have the sign of seconds");
    return {};
  }
  if (duration.seconds() < 0 || duration.nanos() < 0) {
    violations.Add(field, "is negative; use 0 for no limit, or leave it out");
    return {};
  }
  return std::chrono::seconds(std::min(duration.seconds(), kLongest)) + std::chrono::nanoseconds(duration.nanos());
}

void CheckTimestamp(std::string_view field, const google::protobuf::Timestamp& time, FieldViolations& violations) {
  // 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the range of google.protobuf.Timestamp.
  constexpr int64_t kEarliest = -62'135'596'800;
  constexpr int64_t kLatest = 253'402'300'799;
  if (time.nanos() < 0 || time.nanos() >= kNanosPerSecond || time.seconds() < kEarliest || time.seconds() > kLatest) {
    violations.Add(field, "is no valid time: years are 1 to 9999, and nanos are not negative and less than a second");
  }
}

void CheckRequestId(const std::string& request_id, FieldViolations& violations) {
  const bool visible = std::ranges::all_of(request_id, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (request_id.size() > kMaxRequestId || !visible) {
    violations.Add("request_id", "must be 1 to 128 visible ASCII characters; a UUID is best");
  }
}

std::string DigestOf(std::string_view type, const google::protobuf::Message& message) {
  std::string bytes = absl::StrCat(AbslView(type), "\n");
  {
    google::protobuf::io::StringOutputStream stream(&bytes);  // appends
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // otherwise the order of maps varies
    message.SerializeToCodedStream(&coded);
  }
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace daytonad
