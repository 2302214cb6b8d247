#include "daemon/net/http/curl_transfer.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/secret.h"
#include "daemon/net/http/curl_error.h"

namespace daytonad {
namespace {

// How much of a stream's body is kept for a slow reader. On top come libcurl's own 16 KiB and the socket's buffers.
constexpr size_t kStreamBuffer = size_t{256} << 10;
// A Content-Length is believed up to here when memory is set aside before the bytes are there.
constexpr size_t kReserveAtMost = BodyBudget::kAlwaysFree;
// Of an answer's header lines, those of 1xx answers before it and of its trailer included. Servers take 8 to 16 KiB.
constexpr size_t kMaxHeaderBytes = size_t{64} << 10;
constexpr int kMaxHeaderLines = 500;
// Lists that repeat themselves are compressed to a thirtieth; deflate's most is a thousandth.
constexpr size_t kMaxInflation = 100;
constexpr size_t kInflationLooked = size_t{256} << 10;  // smaller bodies may have any compression ratio

bool MayBeRepeated(HttpMethod method) { return method == HttpMethod::kGet || method == HttpMethod::kHead; }

bool IsAskedForEncoding(absl::string_view encoding) {
  return absl::EqualsIgnoreCase(encoding, "gzip") || absl::EqualsIgnoreCase(encoding, "x-gzip") ||
         absl::EqualsIgnoreCase(encoding, "deflate") || absl::EqualsIgnoreCase(encoding, "identity");
}

// Methods that announce their body even if it is empty.
bool AlwaysHasBody(HttpMethod method) {
  return method == HttpMethod::kPost || method == HttpMethod::kPut || method == HttpMethod::kPatch;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// libcurl reads no more of it.
constexpr size_t kMaxRegion = 64;

bool IsRegion(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRegion && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
}

// Can this request be signed, if it is to be?
absl::Status CheckSignature(const HttpRequest& request) {
  if (!request.storage_signature.has_value()) return absl::OkStatus();
  const StorageSignature& signature = *request.storage_signature;
  absl::string_view wrong;
  if (!request.bearer.empty()) wrong = "there is a bearer, too";
  if (!IsRegion(signature.region)) wrong = "its region is not the name of one";
  if (signature.access_key.empty() || HasControlCharacter(signature.access_key)) wrong = "its access key is unusable";
  if (signature.secret_key.empty()) wrong = "it has no secret key";
  if (HasControlCharacter(signature.session_token.Reveal())) wrong = "its session token has a control character";
  if (wrong.empty()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_SIGNATURE",
                   absl::StrCat("The storage request cannot be signed: ", wrong, "."));
}

// What the connection that this handle has just got agreed on. libcurl tells it only after the answer, which may be 30
// s too late.
bool IsHttp2(CURL* easy) {
  const curl_tlssessioninfo* tls = nullptr;
  curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls);
  if (tls == nullptr || tls->backend != CURLSSLBACKEND_OPENSSL || tls->internals == nullptr) return false;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(static_cast<const SSL*>(tls->internals), &protocol, &size);
  return size == 2 && std::memcmp(protocol, "h2", 2) == 0;
}

template <typename Value>
void Set(CURL* easy, CURLoption option, Value value) {
  curl_easy_setopt(easy, option, value);
}

}  // namespace

CurlTransfer::CurlTransfer(const Executor& executor, CurlHandles& handles, std::shared_ptr<CurlMulti> multi,
                           Admission::Permit permit, std::shared_ptr<BodyBudget> budget, const HttpRequest& request,
                           Body body)
    : handles_(handles),
      multi_(std::move(multi)),
      permit_(std::move(permit)),
      request_(request),
      body_kind_(body),
      wakeup_(executor),
      easy_(handles.Take()),
      share_(std::make_shared<BodyBudget::Share>(std::move(budget))) {}

CurlTransfer::~CurlTransfer() { End(CancelledError()); }

absl::Status CurlTransfer::Start() {
  if (absl::Status status = SetOptions(); !status.ok()) {
    Finish(WithDelivery(std::move(status), Delivery::kNotSent), /*reuse_handle=*/true);
    return result_;
  }
  started_ = true;
  multi_->Start(*this);
  return absl::OkStatus();
}

void CurlTransfer::End(const absl::Status& reason) {
  if (finished_) return;
  const Delivery delivery = DeliveryNow();
  if (started_) multi_->Remove(*this);
  Finish(WithDelivery(reason, delivery), /*reuse_handle=*/false);
}

std::string CurlTransfer::TakeBody() {
  std::string taken = std::exchange(body_, std::string());
  if (body_kind_ == Body::kAsStream) share_->Clear();
  if (std::exchange(paused_, false)) curl_easy_pause(easy_.get(), CURLPAUSE_CONT);  // may call OnBody at once
  return taken;
}

// Every option that is not fixed in CurlHandles, every time.
absl::Status CurlTransfer::SetOptions() {
  if (absl::Status status = CheckSignature(request_); !status.ok()) return status;
  if (absl::Status status = BuildHeaderList(); !status.ok()) return status;
  CURL* easy = easy_.get();
  Set(easy, CURLOPT_URL, request_.url.c_str());

  // HTTPGET first: it undoes the other two.
  Set(easy, CURLOPT_HTTPGET, 1L);
  if (request_.method == HttpMethod::kHead) {
    Set(easy, CURLOPT_NOBODY, 1L);
  } else if (AlwaysHasBody(request_.method) || !request_.Content().empty()) {
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.Content().size()));
    Set(easy, CURLOPT_POSTFIELDS, request_.Content().data());  // not copied
  }
  const bool named_by_libcurl = request_.method == HttpMethod::kHead || request_.method == HttpMethod::kPost ||
                                (request_.method == HttpMethod::kGet && request_.Content().empty());
  // HttpMethodName gives literals, which end with a NUL.
  Set(easy, CURLOPT_CUSTOMREQUEST, named_by_libcurl ? nullptr : HttpMethodName(request_.method).data());

  // HTTP/2 only if ALPN selects it; new requests then wait for a connection that is being opened. Without TLS, and for
  // streams, each request has its own connection: libcurl 7.88 stops reading a whole HTTP/2 connection when one of its
  // streams is paused.
  const bool multiplex = body_kind_ == Body::kWhole && absl::StartsWithIgnoreCase(request_.url, "https:");
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(multiplex ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  Set(easy, CURLOPT_PIPEWAIT, multiplex ? 1L : 0L);
  if (!multiplex) multi_->NoteHttp1();

  Set(easy, CURLOPT_HTTPHEADER, header_list_);
  Set(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  Set(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  Set(easy, CURLOPT_HEADERDATA, this);
  Set(easy, CURLOPT_WRITEFUNCTION, OnBody);
  Set(easy, CURLOPT_WRITEDATA, this);
  Set(easy, CURLOPT_PREREQFUNCTION, BeforeSend);
  Set(easy, CURLOPT_PREREQDATA, this);
  if (request_.storage_signature.has_value()) SetSignature(*request_.storage_signature);
  return absl::OkStatus();
}

// These options are never cleared: Finish drops the handle.
void CurlTransfer::SetSignature(const StorageSignature& signature) {
  CURL* easy = easy_.get();
  Set(easy, CURLOPT_AWS_SIGV4, absl::StrCat("aws:amz:", signature.region, ":s3").c_str());  // libcurl copies strings
  Set(easy, CURLOPT_USERNAME, signature.access_key.c_str());
  std::string secret_key(signature.secret_key.Reveal());
  Set(easy, CURLOPT_PASSWORD, secret_key.c_str());
  WipeString(secret_key);
}

absl::Status CurlTransfer::BuildHeaderList() {
  for (const auto& [name, value] : request_.headers.entries()) {
    if (name.empty() || HasControlCharacter(name) || name.find_first_of(": ;") != std::string::npos) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_HEADER", "A request header has no usable name.");
    }
    if (HasControlCharacter(value)) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_HEADER",
                       absl::StrCat("The request header ", name, " contains a control character."));
    }
    // libcurl reads "Name:" as "do not send it" and "Name;" as "send it empty".
    AppendHeader((value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value)).c_str());
  }
  if (request_.headers.Get("Content-Type").empty()) AppendHeader("Content-Type:");  // libcurl must not guess one
  AppendHeader("Expect:");  // no extra round trip before a large body
  if (HasControlCharacter(request_.bearer.Reveal())) {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_HEADER",
                     "The credential contains a control character.");
  }
  AppendSecretHeader("Authorization: Bearer ", request_.bearer);
  if (request_.storage_signature.has_value()) {
    // Without this header libcurl would sign the hash of an empty body, whatever the body is.
    AppendHeader("x-amz-content-sha256: UNSIGNED-PAYLOAD");
    AppendSecretHeader("x-amz-security-token: ", request_.storage_signature->session_token);
  }
  return absl::OkStatus();
}

void CurlTransfer::AppendHeader(const char* line) {
  curl_slist* const longer = curl_slist_append(header_list_, line);
  if (longer == nullptr) throw std::bad_alloc();
  header_list_ = longer;
}

// Nothing if the secret is empty. At most one for each request: Finish wipes one line.
void CurlTransfer::AppendSecretHeader(std::string_view prefix, const Secret& secret) {
  if (secret.empty()) return;
  std::string line = absl::StrCat(AbslView(prefix), AbslView(secret.Reveal()));
  AppendHeader(line.c_str());
  WipeString(line);
  secret_line_ = header_list_;
  while (secret_line_->next != nullptr) secret_line_ = secret_line_->next;
}

// libcurl calls this each time it has a connection and is about to write the request.
int CurlTransfer::BeforeSend(void* self, char*, char*, int, int) {
  auto* const transfer = static_cast<CurlTransfer*>(self);
  const bool nothing_went_out = transfer->DeliveryNow() == Delivery::kNotSent;
  if (nothing_went_out || MayBeRepeated(transfer->request_.method)) {
    const bool first = transfer->attempts_++ == 0;
    if (first && transfer->request_.when_sent) transfer->request_.when_sent();
    if (IsHttp2(transfer->easy_.get())) {
      transfer->multi_->NoteSent(*transfer);
    } else {
      transfer->multi_->NoteHttp1();
    }
    return CURL_PREREQFUNC_OK;
  }
  return CURL_PREREQFUNC_ABORT;
}

Delivery CurlTransfer::DeliveryNow() {
  if (attempts_ == 0) return Delivery::kNotSent;
  long sent = 0;  // bytes of the request, over all attempts
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &sent);
  return sent == 0 ? Delivery::kNotSent : Delivery::kUnknown;
}

size_t CurlTransfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  const std::string_view line(data, size * count);
  return static_cast<CurlTransfer*>(self)->OnHeaderLine(line) ? line.size() : 0;
}

// Lines of all answers come here: of 1xx, which are passed over, of the final one, and of the trailer, which is
// ignored.
bool CurlTransfer::OnHeaderLine(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes || ++header_lines_ > kMaxHeaderLines) {
    unwanted_ = Unwanted::kHeadersTooLarge;
    return false;
  }
  if (headers_received_) return true;
  const absl::string_view text = absl::StripTrailingAsciiWhitespace(AbslView(line));
  if (text.empty()) {
    headers_received_ = status_ >= 200;
    if (headers_received_) multi_->NoteAnswered(*this);
    if (headers_received_ && body_kind_ == Body::kAsStream) wakeup_.Set();
    return true;
  }
  const size_t colon = text.find(':');
  if (absl::StartsWith(text, "HTTP/") && (colon == absl::string_view::npos || text.find(' ') < colon)) {
    const size_t space = text.find(' ');
    if (space == absl::string_view::npos || !absl::SimpleAtoi(text.substr(space + 1, 3), &status_)) status_ = 0;
    headers_ = HttpHeaders();
    return true;
  }
  if (colon == absl::string_view::npos) return true;
  const absl::string_view name = absl::StripTrailingAsciiWhitespace(text.substr(0, colon));
  const absl::string_view value = absl::StripLeadingAsciiWhitespace(text.substr(colon + 1));
  headers_.Add(StdView(name), StdView(value));
  // libcurl decodes whatever it can, requested or not, and other formats need windows of many megabytes.
  if (absl::EqualsIgnoreCase(name, "Content-Encoding") && !IsAskedForEncoding(value)) {
    unwanted_ = Unwanted::kEncoding;
    return false;
  }
  size_t length = 0;
  if (body_kind_ == Body::kWhole && absl::EqualsIgnoreCase(name, "Content-Length") &&
      absl::SimpleAtoi(value, &length)) {
    body_.reserve(std::min({length, request_.max_body_bytes, kReserveAtMost}));
  }
  return true;
}

size_t CurlTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto* const transfer = static_cast<CurlTransfer*>(self);
  if (transfer->OnBodyBytes(std::string_view(data, size * count))) return size * count;
  return transfer->paused_ ? CURL_WRITEFUNC_PAUSE : 0;
}

bool CurlTransfer::OnBodyBytes(std::string_view bytes) {
  if (body_kind_ == Body::kWhole) return AddToWhole(bytes);
  const size_t size = body_.size() + bytes.size();
  // While paused, libcurl keeps these bytes and offers them again. Each stream has its own connection, so that no other
  // is blocked.
  paused_ = body_.size() >= kStreamBuffer || (!body_.empty() && !share_->Grow(size));
  if (paused_) return false;
  wakeup_.Set();
  body_.append(bytes);
  return true;
}

bool CurlTransfer::AddToWhole(std::string_view bytes) {
  const bool is_error = status_ / 100 != 2;
  const size_t limit = is_error ? std::min(request_.max_body_bytes, kMaxErrorBody) : request_.max_body_bytes;
  const size_t size = body_.size() + bytes.size();
  if (size > limit && is_error) {
    unwanted_ = Unwanted::kRestOfError;
    body_.append(bytes.substr(0, limit - body_.size()));
    return false;
  }
  if (size > limit || IsInflatedBeyondBelief(size)) {
    unwanted_ = Unwanted::kBodyTooLarge;
    return false;
  }
  if (size > body_.capacity()) {
    const size_t capacity = std::min(std::max(2 * body_.capacity(), size), limit);
    if (!share_->Grow(capacity)) {
      unwanted_ = Unwanted::kNoMemory;
      return false;
    }
    body_.reserve(capacity);
  }
  body_.append(bytes);
  return true;
}

bool CurlTransfer::IsInflatedBeyondBelief(size_t size) {
  if (size <= kInflationLooked) return false;
  curl_off_t received = 0;  // as received, before decompression
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &received);
  return size / kMaxInflation > static_cast<size_t>(received);
}

absl::Status CurlTransfer::UnwantedError() const {
  switch (unwanted_) {
    case Unwanted::kHeadersTooLarge:
      return HeadersTooLargeError(request_.url);
    case Unwanted::kBodyTooLarge:
      return TooLargeError(request_.url, request_.max_body_bytes);
    case Unwanted::kNoMemory:
      return NoMemoryError(request_.url);
    case Unwanted::kEncoding:
      return EncodingError(request_.url);
    default:
      return absl::OkStatus();
  }
}

void CurlTransfer::OnFinished(CURLcode code) {
  // libcurl takes an answer whose connection closes within the headers for complete and empty.
  if (code == CURLE_OK && !headers_received_) {
    code = CURLE_GOT_NOTHING;
    constexpr std::string_view kCutHead = "the connection was closed within the head of the answer";
    error_text_[kCutHead.copy(error_text_.data(), error_text_.size() - 1)] = '\0';
  }
  if (code == CURLE_OK) {
    Finish(absl::OkStatus(), /*reuse_handle=*/true);
    return;
  }
  if (unwanted_ == Unwanted::kRestOfError) {
    Finish(absl::OkStatus(), /*reuse_handle=*/false);
    return;
  }
  // libcurl's own limit for a line.
  const bool line_too_long = code == CURLE_OUT_OF_MEMORY && attempts_ > 0;
  if (line_too_long) unwanted_ = Unwanted::kHeadersTooLarge;
  const Delivery delivery = DeliveryNow();
  absl::Status status;
  if (unwanted_ != Unwanted::kNo) {
    status = UnwantedError();
  } else if (code == CURLE_ABORTED_BY_CALLBACK) {
    // BeforeSend prevented a second attempt, and this is libcurl's text for that. The end of the first attempt matters.
    status =
        TransferError(CURLE_GOT_NOTHING, sending(), request_.url, "the connection was closed before an answer came");
  } else {
    status = TransferError(code, sending(), request_.url,
                           FailureText(code, error_text_.data(), multi_->last_socket_error()));
  }
  Finish(WithDelivery(std::move(status), delivery), /*reuse_handle=*/false);
}

void CurlTransfer::OnAbandoned() {
  const Delivery delivery = DeliveryNow();
  Finish(WithDelivery(ClientShutDownError(), delivery), /*reuse_handle=*/false);
}

void CurlTransfer::Finish(absl::Status result, bool reuse_handle) {
  finished_ = true;
  result_ = std::move(result);
  Set(easy_.get(), CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  Set(easy_.get(), CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
  if (secret_line_ != nullptr) OPENSSL_cleanse(secret_line_->data, std::strlen(secret_line_->data));
  curl_slist_free_all(std::exchange(header_list_, nullptr));
  secret_line_ = nullptr;
  paused_ = false;
  if (reuse_handle && !request_.storage_signature.has_value()) handles_.GiveBack(std::move(easy_));
  easy_.reset();
  permit_.Release();
  wakeup_.Set();
}

}  // namespace daytonad
