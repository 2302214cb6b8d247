#ifndef DAYTONAD_DAEMON_NET_URL_H_
#define DAYTONAD_DAEMON_NET_URL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace daytonad {

// The origin of a URL: the unit of trust. Equal for equal peers, however the URL is written.
struct Origin {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address in brackets
  uint16_t port = 0;   // the scheme's own if the URL names none

  // INVALID_ARGUMENT (INVALID_URL) unless it is an absolute http or https URL without user and password. The message
  // does not repeat the URL, which might contain a secret.
  static absl::StatusOr<Origin> Of(std::string_view url);

  std::string Authority() const;  // "host:port"
  std::string ToString() const;   // "scheme://host:port"

  bool operator==(const Origin&) const = default;
};

// The base URL of an API: "https://app.daytona.io/api". It may have a path, with or without a trailing slash.
class BaseUrl {
 public:
  // INVALID_ARGUMENT (INVALID_URL) for whatever Origin rejects, and for a query or a fragment.
  static absl::StatusOr<BaseUrl> Parse(std::string_view text);

  // `path` begins with a slash, is percent-encoded, and may end with a query.
  std::string Join(std::string_view path) const;

  const Origin& origin() const { return origin_; }
  // Without a trailing slash.
  const std::string& text() const { return text_; }

 private:
  BaseUrl(Origin origin, std::string text) : origin_(std::move(origin)), text_(std::move(text)) {}

  Origin origin_;
  std::string text_;
};

// Encodes one path segment: "a/b c" becomes "a%2Fb%20c". "." and ".." are encoded, too: they would change the path.
std::string EncodePathSegment(std::string_view segment);

// Builds a query: "" or "?a=1&b=x%20y". A name may be added more than once.
class QueryString {
 public:
  QueryString& Add(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_URL_H_
