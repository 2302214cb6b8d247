#include "daemon/services/page_token.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/api/deterministic_bytes.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

constexpr size_t kScopeBytes = 8;

}  // namespace

std::string PageScope(const CallContext& context, const google::protobuf::Message& request) {
  const std::string bytes =
      absl::StrCat(context.identity().backend, "\n", request.GetDescriptor()->full_name(), DeterministicBytes(request));
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return {reinterpret_cast<const char*>(digest), kScopeBytes};
}

std::string EncodePageToken(std::string_view scope, std::string_view cursor) {
  return absl::WebSafeBase64Escape(absl::StrCat(AbslView(scope), AbslView(cursor)));
}

absl::StatusOr<std::string> DecodePageToken(std::string_view scope, std::string_view token) {
  if (token.empty()) return std::string();
  FieldViolations violations;
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(AbslView(token), &bytes) || bytes.size() <= kScopeBytes) {
    violations.Add("page_token", "is not a token of this daemon; use `next_page_token` of the page before, unchanged");
    return violations.ToStatus();
  }
  if (!absl::StartsWith(bytes, AbslView(scope))) {
    violations.Add(
        "page_token",
        "belongs to a list with other filters, sort or order; repeat them unchanged, or begin without a token");
    return violations.ToStatus();
  }
  return bytes.substr(kScopeBytes);
}

}  // namespace daytonad
