#ifndef DAYTONAD_DAEMON_NET_CURL_ERROR_H_
#define DAYTONAD_DAEMON_NET_CURL_ERROR_H_

#include <curl/curl.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// libcurl's results in the terms of HttpClient. Messages name the peer as host:port and libcurl's reason; never a path,
// a query, a header or a body. No Delivery yet.
namespace daytonad {

// Why a transfer failed, in words: what libcurl `told` in its error buffer, else its general text. That a socket could
// not be had it does not tell; `socket_error` is the errno of the last one, 0 if it could.
std::string_view FailureText(CURLcode code, const char* told, int socket_error);

// `sending`: a connection was there and the request began to go out.
absl::Status TransferError(CURLcode code, bool sending, const std::string& url, std::string_view reason);

absl::Status TooLargeError(const std::string& url, size_t max_bytes);
absl::Status HeadersTooLargeError(const std::string& url);
// There is no memory for a body just now.
absl::Status NoMemoryError(const std::string& url);
// The body is encoded in a way that was not asked for.
absl::Status EncodingError(const std::string& url);
absl::Status ClientShutDownError();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_CURL_ERROR_H_
