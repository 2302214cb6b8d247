#ifndef DAYTONAD_DAEMON_NET_HTTP_CURL_TRANSFER_H_
#define DAYTONAD_DAEMON_NET_HTTP_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/admission.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/base/wakeup.h"
#include "daemon/net/http/body_budget.h"
#include "daemon/net/http/curl_handles.h"
#include "daemon/net/http/curl_multi.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

// One request and its answer, between libcurl's callbacks and the waiting coroutine. It must not move. Destroying it
// aborts the transfer at once.
//
// libcurl repeats a request on its own if a kept-alive connection breaks before any byte of the answer, whatever the
// method and however much the peer has processed. That is fine for GET and HEAD. For all other methods this class
// prevents it, unless no byte was sent: a repeated POST could create a second sandbox. Such a request fails with
// Delivery::kUnknown, and the caller decides.
class CurlTransfer final : public CurlMulti::Transfer {
 public:
  enum class Body {
    kWhole,     // collected, up to the request's max_body_bytes; for an error, up to kMaxErrorBody
    kAsStream,  // passed on as it arrives, with back-pressure
  };

  // `request` must outlive the transfer. `permit` is returned at its end. The body's memory counts against `budget`.
  CurlTransfer(const Executor& executor, CurlHandles& handles, std::shared_ptr<CurlMulti> multi,
               Admission::Permit permit, std::shared_ptr<BodyBudget> budget, const HttpRequest& request, Body body);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer();

  // Starts it. Fails if the request cannot be expressed in HTTP.
  absl::Status Start();

  // Aborts the transfer if it is in progress; `reason` becomes its result.
  void End(const absl::Status& reason);

  // OK when headers or bytes have arrived, or the transfer is finished (for kWhole only the last). CANCELLED or
  // DEADLINE_EXCEEDED if the context ended first; the transfer goes on then.
  Task<absl::Status> Wait(CallContext context) { return wakeup_.Wait(std::move(context)); }

  bool headers_received() const { return headers_received_; }
  bool finished() const { return finished_; }
  // Whether any byte of it was sent, as far as is known.
  bool sending() const { return attempts_ > 0; }
  // The result, with a Delivery: OK if the complete answer was received.
  const absl::Status& result() const { return result_; }

  int status() const { return status_; }
  HttpHeaders& headers() { return headers_; }
  const HttpHeaders& headers() const { return headers_; }
  // Takes the bytes of the body that arrived since the last call. They no longer count against the budget, unless the
  // share is kept.
  std::string TakeBody();
  std::shared_ptr<BodyBudget::Share> share() const { return share_; }

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static int BeforeSend(void* self, char* remote, char* local, int remote_port, int local_port);

  CURL* easy() override { return easy_.get(); }
  void OnFinished(CURLcode code) override;
  void OnAbandoned() override;

  absl::Status SetOptions();
  void SetSignature(const StorageSignature& signature);
  absl::Status BuildHeaderList();
  void AppendHeader(const char* line);
  void AppendSecretHeader(std::string_view prefix, const Secret& secret);
  // False if the answer is no longer wanted.
  bool OnHeaderLine(std::string_view line);
  bool OnBodyBytes(std::string_view bytes);
  bool AddToWhole(std::string_view bytes);
  bool IsInflatedBeyondBelief(size_t size);
  // HttpClient's error, if this class itself ended the transfer.
  absl::Status UnwantedError() const;
  Delivery DeliveryNow();
  // Releases the handle, the header list with the credential, and the permit.
  void Finish(absl::Status result, bool reuse_handle);

  CurlHandles& handles_;
  const std::shared_ptr<CurlMulti> multi_;
  Admission::Permit permit_;
  const HttpRequest& request_;
  const Body body_kind_;
  Wakeup wakeup_;

  CurlHandle easy_;
  curl_slist* header_list_ = nullptr;
  curl_slist* secret_line_ = nullptr;  // in header_list_
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  bool started_ = false;
  int attempts_ = 0;  // number of times the request was about to be sent

  int status_ = 0;
  HttpHeaders headers_;
  bool headers_received_ = false;
  size_t header_bytes_ = 0;  // of all header blocks and trailers
  int header_lines_ = 0;
  std::string body_;
  const std::shared_ptr<BodyBudget::Share> share_;
  bool paused_ = false;
  // Why the rest of the answer is not read.
  enum class Unwanted { kNo, kHeadersTooLarge, kBodyTooLarge, kNoMemory, kEncoding, kRestOfError };
  Unwanted unwanted_ = Unwanted::kNo;
  bool finished_ = false;
  absl::Status result_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_CURL_TRANSFER_H_
