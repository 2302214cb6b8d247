#include "emulator/http/etag.h"

#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/digest.h"

namespace daytonad::emulator {
namespace {

// The length in hexadecimal, and the SHA-1 in base64 without its padding.
std::string WeakEtag(std::string_view body) {
  std::string hash;
  absl::Base64Escape(Sha1(body), &hash);
  hash.pop_back();
  return absl::StrCat("W/\"", absl::Hex(body.size()), "-", hash, "\"");
}

// Tags are compared weakly: with or without W/.
bool Names(absl::string_view if_none_match, absl::string_view etag) {
  etag = absl::StripPrefix(etag, "W/");
  for (absl::string_view tag : absl::StrSplit(if_none_match, ',')) {
    tag = absl::StripAsciiWhitespace(tag);
    if (tag == "*" || absl::StripPrefix(tag, "W/") == etag) return true;
  }
  return false;
}

}  // namespace

void ApplyEtag(const Request& request, Response& response) {
  if (response.body == nullptr || response.body->empty()) return;
  std::string etag = WeakEtag(*response.body);
  const std::string_view if_none_match = request.Find("If-None-Match");
  const bool fresh = response.status == 200 && request.method == "GET" && Names(AbslView(if_none_match), etag);
  response.headers.push_back({"ETag", std::move(etag)});
  if (!fresh) return;
  response.status = 304;
  response.content_type.clear();
  response.body = nullptr;
}

}  // namespace daytonad::emulator
