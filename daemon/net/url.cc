#include "daemon/net/url.h"

#include <curl/curl.h>

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// The parser is libcurl's own: what is checked here and what is connected to later must not be two readings of one
// text.
struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using ParsedUrl = std::unique_ptr<CURLU, UrlDeleter>;

std::string Part(const ParsedUrl& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

absl::Status InvalidUrl(std::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_URL", what);
}

absl::StatusOr<ParsedUrl> ParseUrl(std::string_view text) {
  if (!absl::StartsWithIgnoreCase(AbslView(text), "http://") &&
      !absl::StartsWithIgnoreCase(AbslView(text), "https://")) {
    return InvalidUrl("The URL must begin with https:// or http://.");
  }
  if (text.find('\0') != std::string_view::npos) return InvalidUrl("The URL contains a NUL character.");
  ParsedUrl url(curl_url());
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_DISALLOW_USER);
  if (code == CURLUE_USER_NOT_ALLOWED) {
    return InvalidUrl("The URL must not contain a user or a password. Credentials are configured on their own.");
  }
  if (code != CURLUE_OK) return InvalidUrl(absl::StrCat("The URL cannot be read: ", curl_url_strerror(code), "."));
  return url;
}

absl::StatusOr<Origin> OriginOf(const ParsedUrl& url) {
  Origin origin;
  origin.scheme = absl::AsciiStrToLower(Part(url, CURLUPART_SCHEME));
  origin.host = absl::AsciiStrToLower(Part(url, CURLUPART_HOST));
  if (origin.host.empty()) return InvalidUrl("The URL has no host.");
  uint32_t port = 0;
  if (!absl::SimpleAtoi(Part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT), &port) || port == 0 || port > 65535) {
    return InvalidUrl("The URL's port must be between 1 and 65535.");
  }
  origin.port = static_cast<uint16_t>(port);
  return origin;
}

void AppendEncoded(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
}

}  // namespace

absl::StatusOr<Origin> Origin::Of(std::string_view url) {
  const absl::StatusOr<ParsedUrl> parsed = ParseUrl(url);
  if (!parsed.ok()) return parsed.status();
  return OriginOf(*parsed);
}

std::string Origin::Authority() const { return absl::StrCat(host, ":", port); }

std::string Origin::ToString() const { return absl::StrCat(scheme, "://", Authority()); }

absl::StatusOr<BaseUrl> BaseUrl::Parse(std::string_view text) {
  const absl::StatusOr<ParsedUrl> parsed = ParseUrl(text);
  if (!parsed.ok()) return parsed.status();
  // Search the text: an empty query or fragment ("...?") is not among the parts, and would still break appended paths.
  if (text.find('?') != std::string_view::npos || text.find('#') != std::string_view::npos) {
    return InvalidUrl("The URL must not have a query (?) or a fragment (#).");
  }
  absl::StatusOr<Origin> origin = OriginOf(*parsed);
  if (!origin.ok()) return origin.status();
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return BaseUrl(*std::move(origin), std::string(text));
}

std::string BaseUrl::Join(std::string_view path) const { return absl::StrCat(text_, AbslView(path)); }

std::string EncodePathSegment(std::string_view segment) {
  if (segment == ".") return "%2E";
  if (segment == "..") return "%2E%2E";
  std::string encoded;
  encoded.reserve(segment.size());
  AppendEncoded(segment, encoded);
  return encoded;
}

QueryString& QueryString::Add(std::string_view name, std::string_view value) {
  text_.push_back(text_.empty() ? '?' : '&');
  AppendEncoded(name, text_);
  text_.push_back('=');
  AppendEncoded(value, text_);
  return *this;
}

}  // namespace daytonad
