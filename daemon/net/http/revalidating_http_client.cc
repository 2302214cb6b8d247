#include "daemon/net/http/revalidating_http_client.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

constexpr int kOk = 200;
constexpr int kNotModified = 304;
// Guesses at what an answer needs besides its bytes, and at what its reading does for each byte of the body.
constexpr size_t kAnswerOverhead = 200;
constexpr size_t kReadingBytesPerByte = 2;

// Requests with the same key get the same answer. Headers may decide about it (which organization, which form).
std::string KeyOf(const HttpRequest& request) {
  std::string key = absl::StrCat(request.url, "\n", request.bearer.Fingerprint());
  for (const auto& [name, value] : request.headers.entries()) absl::StrAppend(&key, "\n", name, ":", value);
  return key;
}

// ETags are compared without regard to their being weak: what matters is the content.
bool SameContent(absl::string_view etag, absl::string_view other) {
  return absl::StripPrefix(etag, "W/") == absl::StripPrefix(other, "W/");
}

}  // namespace

size_t RevalidatingHttpClient::SizeOf(const Answer& answer) {
  return kAnswerOverhead + 2 * answer.key.size() + answer.etag.size() +
         (answer.reading == nullptr ? 1 : 1 + kReadingBytesPerByte) * answer.body.size();
}

Task<absl::StatusOr<HttpResponse>> RevalidatingHttpClient::Send(CallContext context, HttpRequest request) {
  if (!request.revalidate || request.method != HttpMethod::kGet) {
    return inner_.Send(std::move(context), std::move(request));
  }
  return Revalidate(std::move(context), std::move(request));
}

Task<absl::StatusOr<std::unique_ptr<HttpStream>>> RevalidatingHttpClient::Open(CallContext context,
                                                                               HttpRequest request) {
  return inner_.Open(std::move(context), std::move(request));
}

Task<absl::StatusOr<HttpResponse>> RevalidatingHttpClient::Revalidate(CallContext context, HttpRequest request) {
  std::string key = KeyOf(request);
  // Held during the request, so that a 304 has its body even if the answer is evicted meanwhile.
  const std::shared_ptr<const Answer> known = Find(key);
  HttpRequest conditional = request;
  if (known != nullptr) conditional.headers.Add("If-None-Match", known->etag);
  absl::StatusOr<HttpResponse> response = co_await inner_.Send(context, std::move(conditional));
  if (response.ok() && response->status == kNotModified) {
    const std::string_view etag = response->headers.Get("ETag");
    const bool ours = known != nullptr && (etag.empty() || SameContent(AbslView(etag), known->etag));
    if (ours) {
      response->status = kOk;
      response->body = known->body;
      response->reading = known->reading;
      co_return response;
    }
    // The 304 refers to an answer that is not cached here: the body is needed after all.
    Forget(key);
    response = co_await inner_.Send(std::move(context), std::move(request));
  }
  if (response.ok() && response->status == kOk) Remember(std::move(key), *response);
  co_return response;
}

std::shared_ptr<const RevalidatingHttpClient::Answer> RevalidatingHttpClient::Find(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  answers_.splice(answers_.begin(), answers_, found->second);
  const std::shared_ptr<const Answer>& answer = answers_.front();
  // A body that could not be parsed may have been corrupted in transit: request it again in full.
  const bool unread = answer->reading != nullptr && !answer->reading->has_value();
  return unread ? nullptr : answer;
}

void RevalidatingHttpClient::Remember(std::string key, HttpResponse& response) {
  Forget(key);
  const std::string_view etag = response.headers.Get("ETag");
  const std::string control = absl::AsciiStrToLower(AbslView(response.headers.Get("Cache-Control")));
  const bool forbidden = absl::StrContains(control, "no-store");
  if (etag.empty() || forbidden || response.body.size() > options_.max_body_bytes) return;
  if (response.body.size() <= options_.max_read_bytes) response.reading = std::make_shared<std::any>();
  answers_.push_front(std::make_shared<const Answer>(Answer{key, std::string(etag), response.body, response.reading}));
  by_key_[std::move(key)] = answers_.begin();
  bytes_ += SizeOf(*answers_.front());
  while (bytes_ > options_.max_bytes) Forget(std::string(answers_.back()->key));
}

void RevalidatingHttpClient::Forget(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  bytes_ -= SizeOf(**found->second);
  answers_.erase(found->second);
  by_key_.erase(found);
}

}  // namespace daytonad
