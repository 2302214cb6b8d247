#ifndef DAYTONAD_DAEMON_NET_HTTP_CURL_ERROR_H_
#define DAYTONAD_DAEMON_NET_HTTP_CURL_ERROR_H_

#include <curl/curl.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// Maps libcurl's results to HttpClient's errors. Messages contain host:port and libcurl's reason; never a path, query,
// header or body. Without a Delivery.
namespace daytonad {

// Why a transfer failed: libcurl's error buffer `told`, else its general text. libcurl does not report that a socket
// could not be created; `socket_error` is that errno, or 0.
std::string_view FailureText(CURLcode code, const char* told, int socket_error);

// `sending`: the connection was open and the request was being sent.
absl::Status TransferError(CURLcode code, bool sending, const std::string& url, std::string_view reason);

absl::Status TooLargeError(const std::string& url, size_t max_bytes);
absl::Status HeadersTooLargeError(const std::string& url);
// No memory for a body at the moment.
absl::Status NoMemoryError(const std::string& url);
// The body has an encoding that was not requested.
absl::Status EncodingError(const std::string& url);
absl::Status ClientShutDownError();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_CURL_ERROR_H_
