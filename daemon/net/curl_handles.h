#ifndef DAYTONAD_DAEMON_NET_CURL_HANDLES_H_
#define DAYTONAD_DAEMON_NET_CURL_HANDLES_H_

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

// What is the same for every request of a client; see HttpClientOptions for the meaning.
struct CurlHandleOptions {
  std::chrono::milliseconds connect_timeout{};
  std::chrono::seconds idle_lifetime{};
  std::string ca_file;
  std::string proxy;
  std::string no_proxy;
  std::string user_agent;
};

// Makes libcurl's easy handles and keeps some for reuse: making one and setting its options costs more than a small
// request.
//
// Rules that keep one request's options from leaking into the next:
// - an option is either fixed, set here once when the handle is made, or it varies, and then CurlTransfer sets it for
//   every request; no option is in both lists, and none is set for some requests only, but for those of a signature;
// - a handle whose transfer failed or was cut short is dropped, not given back; so is one that signed a request, since
//   libcurl keeps the keys in it;
// - nothing that a handle points to (header list, body, error buffer, transfer) outlives the transfer: CurlTransfer
// clears these
//   pointers before it gives the handle back.
//
// All handles share the DNS cache and TLS sessions, so that a new connection of one pool profits from the others'. Must
// outlive the handles it gave out. Used on the loop thread only.
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
  // Declared before the handles, so that it goes after them: a share in use cannot be freed.
  std::unique_ptr<CURLSH, ShareDeleter> share_;
  std::vector<CurlHandle> free_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_CURL_HANDLES_H_
