#include "emulator/http/etag.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "emulator/base/digest.h"
#include "emulator/base/text.h"

namespace daytonad::emulator {
namespace {

// The length in hexadecimal, and the SHA-1 in base64 without its padding.
std::string WeakEtag(std::string_view body) {
  std::array<char, 20> size{};
  const char* const end = std::to_chars(size.data(), size.data() + size.size(), body.size(), 16).ptr;
  std::string hash;
  absl::Base64Escape(Sha1(body), &hash);
  hash.pop_back();
  return StrCat("W/\"", std::string_view(size.data(), end), "-", hash, "\"");
}

// Tags are compared weakly: with or without W/.
bool Names(std::string_view if_none_match, std::string_view etag) {
  ConsumePrefix(etag, "W/");
  for (std::string_view tag : Split(if_none_match, ',')) {
    tag = Trim(tag);
    if (tag == "*") return true;
    ConsumePrefix(tag, "W/");
    if (tag == etag) return true;
  }
  return false;
}

}  // namespace

void ApplyEtag(const Request& request, Response& response) {
  if (response.body == nullptr || response.body->empty()) return;
  std::string etag = WeakEtag(*response.body);
  const std::string_view if_none_match = request.Find("If-None-Match");
  const bool fresh = response.status == 200 && request.method == "GET" && Names(if_none_match, etag);
  response.headers.push_back({"ETag", std::move(etag)});
  if (!fresh) return;
  response.status = 304;
  response.content_type.clear();
  response.body = nullptr;
}

}  // namespace daytonad::emulator
