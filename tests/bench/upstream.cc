#include "tests/bench/upstream.h"

#include <curl/curl.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/load.h"

namespace daytonad::bench {
namespace {

size_t Append(const char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

}  // namespace

struct Upstream::Curl {
  explicit Curl(const std::string& api_key) {
    headers = curl_slist_append(nullptr, absl::StrCat("Authorization: Bearer ", api_key).c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, Append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  }
  ~Curl() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;

  CURL* const easy = curl_easy_init();
  curl_slist* headers = nullptr;
  std::string body;
};

Upstream::Upstream(std::string api_url, std::string api_key)
    : api_url_(std::move(api_url)), curl_(std::make_unique<Curl>(api_key)) {}

Upstream::~Upstream() = default;

absl::StatusOr<std::string> Upstream::Get(const std::string& url) {
  curl_->body.clear();
  curl_easy_setopt(curl_->easy, CURLOPT_URL, url.c_str());
  const CURLcode code = curl_easy_perform(curl_->easy);
  long http_status = 0;  // NOLINT(google-runtime-int): what libcurl writes to
  curl_easy_getinfo(curl_->easy, CURLINFO_RESPONSE_CODE, &http_status);
  if (code != CURLE_OK || http_status != 200) {
    return absl::InternalError(absl::StrCat(url, ": ", curl_easy_strerror(code), ", HTTP status ", http_status));
  }
  return curl_->body;
}

absl::StatusOr<std::uint64_t> Upstream::RequestCount() {
  const std::string origin = api_url_.substr(0, api_url_.find('/', api_url_.find("://") + 3));
  // `since` beyond any request: the totals without the requests themselves.
  const absl::StatusOr<std::string> body = Get(absl::StrCat(origin, "/_emulator/requests?since=1000000000000"));
  if (!body.ok()) return body.status();
  const nlohmann::json json = nlohmann::json::parse(*body, nullptr, false);
  if (!json.is_object() || !json.contains("total")) return absl::InternalError("the emulator does not count requests");
  return json["total"].get<std::uint64_t>();
}

absl::StatusOr<double> Upstream::MeasureGetSandbox(const std::string& id, std::chrono::nanoseconds measured) {
  using std::chrono::steady_clock;
  const std::string url = absl::StrCat(api_url_, "/sandbox/", id);
  std::vector<double> latencies_us;
  absl::StatusOr<std::string> body = Get(url);  // opens the connection
  const steady_clock::time_point end = steady_clock::now() + measured;
  do {
    const steady_clock::time_point began = steady_clock::now();
    if (body.ok()) body = Get(url);
    if (!body.ok()) return body.status();
    latencies_us.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - began).count());
  } while (steady_clock::now() < end);
  return Percentile(std::move(latencies_us), 0.50);
}

}  // namespace daytonad::bench
