#ifndef DAYTONAD_DAEMON_NET_HTTP_CURL_HANDLES_H_
#define DAYTONAD_DAEMON_NET_HTTP_CURL_HANDLES_H_

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace daytonad {

struct CurlHandleDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using CurlHandle = std::unique_ptr<CURL, CurlHandleDeleter>;

// Options that are the same for all requests of a client; see HttpClientOptions.
struct CurlHandleOptions {
  std::chrono::milliseconds connect_timeout{};
  std::chrono::seconds idle_lifetime{};
  std::string ca_file;
  std::string proxy;
  std::string no_proxy;
  std::string user_agent;
};

// Creates libcurl's easy handles and keeps some for reuse: creating and configuring one costs more than a small
// request.
//
// Rules that keep one request's options from leaking into the next:
// - an option is either fixed and set here once, or it varies and CurlTransfer sets it for every request; no option is
//   in both lists, and none is set for some requests only, except those of a signature;
// - a handle whose transfer failed or was aborted is destroyed, not reused; so is one that signed a request, because
//   libcurl keeps the keys in it;
// - CurlTransfer clears all pointers in the handle (header list, body, error buffer, transfer) before it returns the
//   handle: what they point to ends with the transfer.
//
// All handles share the DNS cache and TLS sessions, so that new connections of all pools profit. Must outlive its
// handles. Loop thread only.
class CurlHandles {
 public:
  explicit CurlHandles(CurlHandleOptions options);
  CurlHandles(const CurlHandles&) = delete;
  CurlHandles& operator=(const CurlHandles&) = delete;
  ~CurlHandles();

  CurlHandle Take();
  void GiveBack(CurlHandle handle);

 private:
  struct ShareDeleter {
    void operator()(CURLSH* share) const { curl_share_cleanup(share); }
  };

  CurlHandle Make() const;

  CurlHandleOptions options_;
  // Declared before the handles, so that it is destroyed after them: a share in use cannot be freed.
  std::unique_ptr<CURLSH, ShareDeleter> share_;
  std::vector<CurlHandle> free_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_CURL_HANDLES_H_
