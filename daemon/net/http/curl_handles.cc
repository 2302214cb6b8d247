#include "daemon/net/http/curl_handles.h"

#include <csignal>
#include <new>
#include <utility>

namespace daytonad {
namespace {

// Enough for the busy hours; a burst's further handles are freed again.
constexpr size_t kKeptHandles = 128;

void InitializeLibcurl() {
  static const CURLcode kInitialized = [] {
    // libcurl must not change signal handlers (it would around every call), so ignore the SIGPIPE of OpenSSL's writes
    // to a dead connection.
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT);
  }();
  if (kInitialized != CURLE_OK) throw std::bad_alloc();
}

}  // namespace

CurlHandles::CurlHandles(CurlHandleOptions options) : options_(std::move(options)) {
  InitializeLibcurl();
  share_.reset(curl_share_init());
  if (share_ == nullptr) throw std::bad_alloc();
  // One thread uses them, so no lock functions.
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

CurlHandles::~CurlHandles() = default;

CurlHandle CurlHandles::Take() {
  if (free_.empty()) return Make();
  CurlHandle handle = std::move(free_.back());
  free_.pop_back();
  return handle;
}

void CurlHandles::GiveBack(CurlHandle handle) {
  if (free_.size() < kKeptHandles) free_.push_back(std::move(handle));
}

CurlHandle CurlHandles::Make() const {
  CurlHandle handle(curl_easy_init());
  if (handle == nullptr) throw std::bad_alloc();
  CURL* easy = handle.get();
  const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_SHARE, share_.get());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 30L);
  set(CURLOPT_TCP_KEEPINTVL, 10L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(options_.idle_lifetime.count()));
  if (!options_.user_agent.empty()) set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  if (!options_.ca_file.empty()) {
    set(CURLOPT_CAINFO, options_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));  // instead of the system's, not in addition
  }
  if (!options_.proxy.empty()) set(CURLOPT_PROXY, options_.proxy.c_str());
  if (!options_.no_proxy.empty()) set(CURLOPT_NOPROXY, options_.no_proxy.c_str());
  return handle;
}

}  // namespace daytonad
