#include "daemon/net/http/curl_error.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/exhaustion.h"
#include "daemon/net/url.h"

namespace daytonad {
namespace {

std::string PeerOf(const std::string& url) {
  const absl::StatusOr<Origin> origin = Origin::Of(url);
  return origin.ok() ? origin->Authority() : "the peer";
}

bool IsTlsFailure(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string_view FailureText(CURLcode code, const char* told, int socket_error) {
  if (code == CURLE_COULDNT_CONNECT && IsExhaustion(socket_error)) return std::strerror(socket_error);
  return told[0] != '\0' ? told : curl_easy_strerror(code);
}

absl::Status TransferError(CURLcode code, bool sending, const std::string& url, std::string_view reason) {
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    if (!sending) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_URL",
                       absl::StrCat("The upstream URL cannot be used: ", AbslView(reason), "."));
    }
  }
  if (IsTlsFailure(code)) {
    return MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_TLS_FAILED",
                     absl::StrCat("No secure connection to ", PeerOf(url), ": ", AbslView(reason),
                                  ". Check the certificate authority that the daemon is configured with."));
  }
  if (!sending) {
    return MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE",
                     absl::StrCat("Cannot reach ", PeerOf(url), ": ", AbslView(reason), "."));
  }
  return MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_CONNECTION_LOST",
                   absl::StrCat("The connection to ", PeerOf(url), " was lost: ", AbslView(reason), "."));
}

absl::Status TooLargeError(const std::string& url, size_t max_bytes) {
  return MakeError(absl::StatusCode::kResourceExhausted, "UPSTREAM_ANSWER_TOO_LARGE",
                   absl::StrCat("The answer of ", PeerOf(url), " is larger than ", max_bytes, " bytes."));
}

absl::Status HeadersTooLargeError(const std::string& url) {
  return MakeError(
      absl::StatusCode::kResourceExhausted, "UPSTREAM_HEADERS_TOO_LARGE",
      absl::StrCat("The answer of ", PeerOf(url),
                   " has too many or too long header lines. Check the proxies between the daemon and Daytona."));
}

absl::Status NoMemoryError(const std::string& url) {
  return MakeError(absl::StatusCode::kUnavailable, "DAEMON_EXHAUSTED",
                   absl::StrCat("The answer of ", PeerOf(url),
                                " does not fit into the memory for answers: too many large ones are being received. "
                                "Try again later."));
}

absl::Status EncodingError(const std::string& url) {
  return MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_FOREIGN_ANSWER",
                   absl::StrCat("The answer of ", PeerOf(url),
                                " has a content encoding that was not requested. Check the proxies between the daemon "
                                "and Daytona."));
}

absl::Status ClientShutDownError() {
  return MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "The daemon is shutting down.");
}

}  // namespace daytonad
