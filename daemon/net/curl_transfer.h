#ifndef DAYTONAD_DAEMON_NET_CURL_TRANSFER_H_
#define DAYTONAD_DAEMON_NET_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/net/admission.h"
#include "daemon/net/body_budget.h"
#include "daemon/net/curl_handles.h"
#include "daemon/net/curl_multi.h"
#include "daemon/net/http_client.h"
#include "daemon/net/wakeup.h"

namespace daytonad {

// One request and its answer, from libcurl's callbacks to the coroutine that waits. It must not move. Destroying it
// ends the transfer at once.
//
// A request is sent once, or it is one that may be repeated: libcurl by itself sends a request again when a kept-alive
// connection broke before any byte of the answer came, whatever the method and however much of it the peer has
// processed. For GET and HEAD that is welcome. For all others this class forbids it, unless not a byte had gone out: a
// doubled POST could be a doubled sandbox. They fail as lost with Delivery::kUnknown, and who knows the request
// decides.
class CurlTransfer final : public CurlMulti::Transfer {
 public:
  enum class Body {
    kWhole,     // kept together, up to the request's max_body_bytes; of an error, up to kMaxErrorBody
    kAsStream,  // handed on as it comes; when nobody takes it, the peer is slowed down
  };

  // `request` must outlive the transfer's end. `permit` is given back at the end. The body takes its memory
  // from `budget`.
  CurlTransfer(const Executor& executor, CurlHandles& handles, std::shared_ptr<CurlMulti> multi,
               Admission::Permit permit, std::shared_ptr<BodyBudget> budget, const HttpRequest& request, Body body);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer();

  // Begins. Fails if the request cannot be expressed in HTTP.
  absl::Status Start();

  // Ends the transfer now, if it is still under way; `reason` becomes its result.
  void End(const absl::Status& reason);

  // OK when something happened: headers are there, bytes are there, or it is finished (for kWhole only the last).
  // CANCELLED or DEADLINE_EXCEEDED if the context ended first; the transfer goes on then.
  Task<absl::Status> Wait(CallContext context) { return wakeup_.Wait(std::move(context)); }

  bool headers_received() const { return headers_received_; }
  bool finished() const { return finished_; }
  // Did any of it go out, as far as can be told?
  bool sending() const { return attempts_ > 0; }
  // How it ended, with a Delivery: OK if the answer was received whole.
  const absl::Status& result() const { return result_; }

  int status() const { return status_; }
  HttpHeaders& headers() { return headers_; }
  const HttpHeaders& headers() const { return headers_; }
  // What has come of the body and was not taken before. It no longer counts, unless its share is kept.
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
  // False if the answer is not wanted any more.
  bool OnHeaderLine(std::string_view line);
  bool OnBodyBytes(std::string_view bytes);
  bool AddToWhole(std::string_view bytes);
  bool IsInflatedBeyondBelief(size_t size);
  // Why this class itself ended the transfer, in terms of HttpClient.
  absl::Status UnwantedError() const;
  Delivery DeliveryNow();
  // Lets go of the handle, the header list with the credential in it, and the place.
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
  int attempts_ = 0;  // how often the request was about to be sent

  int status_ = 0;
  HttpHeaders headers_;
  bool headers_received_ = false;
  size_t header_bytes_ = 0;  // of all heads and the trailer
  int header_lines_ = 0;
  std::string body_;
  const std::shared_ptr<BodyBudget::Share> share_;
  bool paused_ = false;
  // Why the rest of the answer is not wanted.
  enum class Unwanted { kNo, kHeadersTooLarge, kBodyTooLarge, kNoMemory, kEncoding, kRestOfError };
  Unwanted unwanted_ = Unwanted::kNo;
  bool finished_ = false;
  absl::Status result_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_CURL_TRANSFER_H_
