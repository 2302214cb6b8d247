#include "tests/bench/upstream.h"

#include <curl/curl.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/bench/load.h"

namespace daytonad::bench {
namespace {

using Json = nlohmann::json;

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
    : api_url_(std::move(api_url)),
      control_url_(absl::StrCat(api_url_.substr(0, api_url_.find('/', api_url_.find("://") + 3)), "/_emulator/")),
      curl_(std::make_unique<Curl>(api_key)) {}

Upstream::~Upstream() = default;

absl::StatusOr<std::string> Upstream::Send(const std::string& url, const std::string& body, const char* method) {
  curl_->body.clear();
  curl_easy_setopt(curl_->easy, CURLOPT_URL, url.c_str());
  if (body.empty()) {
    curl_easy_setopt(curl_->easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(curl_->easy, CURLOPT_COPYPOSTFIELDS, body.c_str());
  }
  curl_easy_setopt(curl_->easy, CURLOPT_CUSTOMREQUEST, method);
  const CURLcode code = curl_easy_perform(curl_->easy);
  long http_status = 0;  // NOLINT(google-runtime-int): what libcurl writes to
  curl_easy_getinfo(curl_->easy, CURLINFO_RESPONSE_CODE, &http_status);
  if (code != CURLE_OK || http_status / 100 != 2) {
    return absl::InternalError(absl::StrCat(url, ": ", curl_easy_strerror(code), ", HTTP status ", http_status, " ",
                                            curl_->body.substr(0, 200)));
  }
  return curl_->body;
}

absl::StatusOr<RequestCounts> Upstream::Requests() {
  // With `since` beyond any request: the totals without the requests.
  const absl::StatusOr<std::string> body = Send(absl::StrCat(control_url_, "requests?since=1000000000000"));
  if (!body.ok()) return body.status();
  const Json json = Json::parse(*body, nullptr, false);
  if (!json.is_object() || !json.contains("total")) return absl::InternalError("the emulator does not count requests");
  return RequestCounts{json["total"].get<std::uint64_t>(), json["byMethod"].value("GET", std::uint64_t{0})};
}

absl::StatusOr<double> Upstream::EventConnections() {
  const absl::StatusOr<std::string> body = Send(absl::StrCat(control_url_, "events"));
  if (!body.ok()) return body.status();
  const Json json = Json::parse(*body, nullptr, false);
  if (!json.is_object()) return absl::InternalError("the emulator does not count event connections");
  return json.value("connections", 0.0);
}

absl::StatusOr<TimeOfChange> Upstream::ForceAll(const std::string& state) {
  return PostChange(Json{{"state", state}, {"all", true}}.dump());
}

absl::StatusOr<TimeOfChange> Upstream::Force(const std::string& id, const std::string& state) {
  return PostChange(Json{{"state", state}, {"ids", {id}}}.dump());
}

absl::StatusOr<TimeOfChange> Upstream::PostChange(const std::string& body) {
  const absl::StatusOr<std::string> answer = Send(absl::StrCat(control_url_, "sandboxes"), body);
  if (!answer.ok()) return answer.status();
  const Json json = Json::parse(*answer, nullptr, false);
  if (!json.is_object() || !json.contains("beganNs"))
    return absl::InternalError("the emulator says not when it changed");
  const auto time = [&json](const char* name) {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(json[name].get<std::int64_t>()));
  };
  return TimeOfChange{time("beganNs"), time("endedNs")};
}

absl::Status Upstream::DelayReads(std::chrono::milliseconds delay) {
  const std::string url = absl::StrCat(control_url_, "faults");
  if (delay.count() == 0) return Send(url, "", "DELETE").status();
  const Json fault = {{"match", {{"method", "GET"}, {"path_regex", "/sandbox/"}}},
                      {"fault", {{"delay_ms", delay.count()}}}};
  return Send(url, fault.dump()).status();
}

absl::StatusOr<std::chrono::system_clock::time_point> Upstream::UpdatedAt(const std::string& id) {
  const absl::StatusOr<std::string> body = Send(absl::StrCat(api_url_, "/sandbox/", id));
  if (!body.ok()) return body.status();
  const Json json = Json::parse(*body, nullptr, false);
  absl::Time time;
  if (!json.is_object() || !absl::ParseTime(absl::RFC3339_full, json.value("updatedAt", ""), &time, nullptr)) {
    return absl::InternalError(absl::StrCat("sandbox ", id, " has no updatedAt"));
  }
  return absl::ToChronoTime(time);
}

absl::StatusOr<double> Upstream::MeasureGetSandbox(const std::string& id, std::chrono::nanoseconds measured) {
  using std::chrono::steady_clock;
  const std::string url = absl::StrCat(api_url_, "/sandbox/", id);
  std::vector<double> latencies_us;
  absl::StatusOr<std::string> body = Send(url);  // opens the connection
  const steady_clock::time_point end = steady_clock::now() + measured;
  do {
    const steady_clock::time_point began = steady_clock::now();
    if (body.ok()) body = Send(url);
    if (!body.ok()) return body.status();
    latencies_us.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - began).count());
  } while (steady_clock::now() < end);
  return Percentile(std::move(latencies_us), 0.50);
}

}  // namespace daytonad::bench
