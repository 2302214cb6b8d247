#ifndef DAYTONAD_DAEMON_NET_URL_H_
#define DAYTONAD_DAEMON_NET_URL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace daytonad {

// Where a URL leads: the unit of trust. Equal for equal peers, however the URL was written.
struct Origin {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address in brackets
  uint16_t port = 0;   // the scheme's own if the URL names none

  // INVALID_ARGUMENT (reason INVALID_URL) unless it is an absolute http or https URL without user and password. The
  // message does not repeat the URL, which might hold a secret.
  static absl::StatusOr<Origin> Of(std::string_view url);

  std::string Authority() const;  // "host:port"
  std::string ToString() const;   // "scheme://host:port"

  bool operator==(const Origin&) const = default;
};

// What an API's paths are appended to: "https://app.daytona.io/api". With any path, with or without a slash at its end.
class BaseUrl {
 public:
  // INVALID_ARGUMENT (reason INVALID_URL) for what Origin refuses, and for a query or a fragment.
  static absl::StatusOr<BaseUrl> Parse(std::string_view text);

  // `path` begins with a slash, is encoded already, and may end with a query.
  std::string Join(std::string_view path) const;

  const Origin& origin() const { return origin_; }
  // Without a slash at its end.
  const std::string& text() const { return text_; }

 private:
  BaseUrl(Origin origin, std::string text) : origin_(std::move(origin)), text_(std::move(text)) {}

  Origin origin_;
  std::string text_;
};

// One segment of a path: "a/b c" becomes "a%2Fb%20c". "." and ".." are encoded, too, or they would climb.
std::string EncodePathSegment(std::string_view segment);

// A query, built up: "" or "?a=1&b=x%20y". A name may be added more than once.
class QueryString {
 public:
  QueryString& Add(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_URL_H_
