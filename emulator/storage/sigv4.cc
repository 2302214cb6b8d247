#include "emulator/storage/sigv4.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/digest.h"
#include "emulator/http/url.h"

namespace daytonad::emulator {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr WallTime kMaxSkew = 15 * 60 * 1000;

// The three parts of "AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/s3/aws4_request, SignedHeaders=a;b, Signature=HEX".
struct Authorization {
  std::string access_key;
  std::string date;
  std::string region;
  std::string service;
  std::string terminator;
  std::vector<std::string> signed_headers;
  std::string signature;

  std::string Scope() const { return absl::StrCat(date, "/", region, "/", service, "/", terminator); }
};

std::optional<Authorization> ParseAuthorization(std::string_view text) {
  absl::string_view rest = AbslView(text);
  if (!absl::ConsumePrefix(&rest, AbslView(kAlgorithm))) return std::nullopt;
  Authorization parsed;
  for (absl::string_view part : absl::StrSplit(rest, ',')) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(absl::StripAsciiWhitespace(part), absl::MaxSplits('=', 1));
    const auto& [name, value] = pair;
    if (name == "Credential") {
      const std::vector<std::string> scope = absl::StrSplit(value, '/');
      if (scope.size() != 5) return std::nullopt;
      parsed.access_key = scope[0];
      parsed.date = scope[1];
      parsed.region = scope[2];
      parsed.service = scope[3];
      parsed.terminator = scope[4];
    } else if (name == "SignedHeaders") {
      parsed.signed_headers = absl::StrSplit(value, ';');
    } else if (name == "Signature") {
      parsed.signature = value;
    }
  }
  if (parsed.access_key.empty() || parsed.signed_headers.empty() || parsed.signature.empty()) return std::nullopt;
  return parsed;
}

bool Unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

std::string Encode(std::string_view text, bool keep_slashes) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (Unreserved(c) || (keep_slashes && c == '/')) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4U];
      encoded += kHex[byte & 15U];
    }
  }
  return encoded;
}

std::string CanonicalQuery(const Request& request) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const QueryParams query(request.Query());
  for (const auto& [name, value] : query.pairs()) {
    pairs.emplace_back(Encode(name, /*keep_slashes=*/false), Encode(value, /*keep_slashes=*/false));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const auto& [name, value] : pairs) absl::StrAppend(&text, text.empty() ? "" : "&", name, "=", value);
  return text;
}

// All values of a header, joined, with each run of spaces reduced to one.
std::string CanonicalValue(const Request& request, std::string_view name) {
  std::string joined;
  bool first = true;
  for (const Header& header : request.headers) {
    if (!absl::EqualsIgnoreCase(header.name, AbslView(name))) continue;
    absl::StrAppend(&joined, first ? "" : ",", absl::StripAsciiWhitespace(header.value));
    first = false;
  }
  const auto both_spaces = [](char a, char b) { return a == ' ' && b == ' '; };
  joined.erase(std::unique(joined.begin(), joined.end(), both_spaces), joined.end());
  return joined;
}

std::string CanonicalRequest(const Request& request, const std::vector<std::string>& signed_headers) {
  std::string text = absl::StrCat(request.method, "\n", Encode(DecodePath(request.Path()), /*keep_slashes=*/true), "\n",
                                  CanonicalQuery(request), "\n");
  for (const std::string& name : signed_headers) absl::StrAppend(&text, name, ":", CanonicalValue(request, name), "\n");
  absl::StrAppend(&text, "\n", absl::StrJoin(signed_headers, ";"), "\n",
                  AbslView(request.Find("x-amz-content-sha256")));
  return text;
}

std::string StringToSign(const Authorization& authorization, std::string_view date, std::string_view canonical) {
  return absl::StrCat(AbslView(kAlgorithm), "\n", AbslView(date), "\n", authorization.Scope(), "\n",
                      Sha256Hex(canonical));
}

std::string Signature(const Authorization& authorization, const std::string& secret, std::string_view to_sign) {
  std::string key = HmacSha256(absl::StrCat("AWS4", secret), authorization.date);
  for (const std::string* part : {&authorization.region, &authorization.service, &authorization.terminator}) {
    key = HmacSha256(key, *part);
  }
  return absl::BytesToHexString(HmacSha256(key, to_sign));
}

bool IsSigned(const Authorization& authorization, std::string_view header) {
  const auto& names = authorization.signed_headers;
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return absl::EqualsIgnoreCase(name, AbslView(header)); });
}

StorageError Malformed(std::string message) {
  return {400, "AuthorizationHeaderMalformed", absl::StrCat("The authorization header is malformed; ", message)};
}

std::optional<StorageError> ScopeFault(const Authorization& authorization, std::string_view date) {
  if (!date.starts_with(authorization.date)) {
    return Malformed(
        absl::StrCat("Invalid credential date \"", authorization.date, "\". This date is not the same as X-Amz-Date"));
  }
  if (authorization.region != kStorageRegion) {
    return StorageError{400,
                        "AuthorizationHeaderMalformed",
                        absl::StrCat("The authorization header is malformed; the region '", authorization.region,
                                     "' is wrong; expecting '", AbslView(kStorageRegion), "'"),
                        {{"Region", std::string(kStorageRegion)}}};
  }
  if (authorization.service != "s3" || authorization.terminator != "aws4_request") {
    return Malformed("the credential scope must end with /s3/aws4_request");
  }
  return std::nullopt;
}

std::optional<StorageError> KeyFault(const Request& request, const StorageKeys* keys, WallTime now) {
  const std::string_view token = request.Find("x-amz-security-token");
  // Such keys are invalid without their token.
  if (keys == nullptr || token.empty()) {
    return StorageError{403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."};
  }
  if (token != keys->session_token) {
    return StorageError{400, "InvalidToken", "The provided token is malformed or otherwise invalid."};
  }
  if (now >= keys->expires) return StorageError{400, "ExpiredToken", "The provided token has expired."};
  return std::nullopt;
}

std::optional<StorageError> DateFault(std::string_view date, WallTime now) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%E4Y%m%dT%H%M%SZ", std::string(date), &time, &error)) {
    return StorageError{403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"};
  }
  if (std::abs(absl::ToUnixMillis(time) - now) > kMaxSkew) {
    return StorageError{403, "RequestTimeTooSkewed",
                        "The difference between the request time and the current time is too large."};
  }
  return std::nullopt;
}

std::optional<StorageError> UnsignedHeaderFault(const Request& request, const Authorization& authorization) {
  for (const Header& header : request.headers) {
    const bool must = absl::StartsWithIgnoreCase(header.name, "x-amz-") || absl::EqualsIgnoreCase(header.name, "host");
    if (!must || IsSigned(authorization, header.name)) continue;
    return StorageError{403,
                        "AccessDenied",
                        "There were headers present in the request which were not signed",
                        {{"HeadersNotSigned", absl::AsciiStrToLower(header.name)}}};
  }
  return std::nullopt;
}

std::optional<StorageError> PayloadFault(const Request& request) {
  const std::string_view stated = request.Find("x-amz-content-sha256");
  if (stated == "UNSIGNED-PAYLOAD" || stated.starts_with("STREAMING-")) return std::nullopt;
  const std::string actual = request.spooled.has_value() ? request.spooled->sha256 : Sha256Hex("");
  if (stated == actual) return std::nullopt;
  return StorageError{400,
                      "XAmzContentSHA256Mismatch",
                      "The provided 'x-amz-content-sha256' header does not match what was computed.",
                      {{"ClientComputedContentSHA256", std::string(stated)}, {"S3ComputedContentSHA256", actual}}};
}

}  // namespace

std::optional<StorageError> SignatureFault(const Request& request, const Storage& storage, WallTime now) {
  const std::string_view header = request.Find("Authorization");
  if (header.empty()) return StorageError{403, "AccessDenied", "Access Denied"};
  const auto authorization = ParseAuthorization(header);
  if (!authorization.has_value()) {
    return Malformed(
        absl::StrCat("it must be ", AbslView(kAlgorithm), " with Credential, SignedHeaders and Signature"));
  }
  if (request.Find("x-amz-content-sha256").empty()) {
    return StorageError{400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"};
  }
  const std::string_view date = request.Find("x-amz-date");
  const StorageKeys* const keys = storage.FindKeys(authorization->access_key);
  if (auto fault = DateFault(date, now)) return fault;
  if (auto fault = ScopeFault(*authorization, date)) return fault;
  if (auto fault = KeyFault(request, keys, now)) return fault;
  if (auto fault = UnsignedHeaderFault(request, *authorization)) return fault;
  const std::string canonical = CanonicalRequest(request, authorization->signed_headers);
  const std::string to_sign = StringToSign(*authorization, date, canonical);
  if (Signature(*authorization, keys->secret, to_sign) != authorization->signature) {
    return StorageError{403,
                        "SignatureDoesNotMatch",
                        "The request signature we calculated does not match the signature you provided. Check your key "
                        "and signing method.",
                        {{"AWSAccessKeyId", keys->access_key},
                         {"StringToSign", to_sign},
                         {"SignatureProvided", authorization->signature},
                         {"CanonicalRequest", canonical}}};
  }
  return PayloadFault(request);
}

}  // namespace daytonad::emulator
