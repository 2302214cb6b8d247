#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_STORAGE_OBJECT_STORAGE_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_STORAGE_OBJECT_STORAGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/net/http/http_client.h"
#include "daemon/net/url.h"
#include "daemon/upstream/v0/transport/retry.h"

namespace daytonad {

// The bytes of an object or of a part; shared, so that a retry needs no copy.
using ObjectContent = std::shared_ptr<const std::string>;

// A bucket of an S3-compatible store, with path-style addresses ({endpoint}/{bucket}/{key...}). It has only what
// uploads of build contexts need. Daytona's credential and headers are never sent there.
//
// Transient errors are retried a few times: every request here is idempotent.
//
// Errors, with the metadata `storage_url`, `http_status`, `storage_error` (S3's code) and `storage_message` where
// known:
// - PERMISSION_DENIED (CONTEXT_STORE_REFUSED): the store rejects the keys;
// - UNAVAILABLE (CONTEXT_STORE_UNAVAILABLE), with a RetryInfo: no connection, no answer in time, a 5xx or a 429;
// - UNKNOWN (UPSTREAM_UNEXPECTED_STATUS): any other answer that is not a success, redirects included;
// - INTERNAL (UPSTREAM_MALFORMED_RESPONSE): the keys and the region cannot be used for a signature;
// - those of HttpClient for untrusted connections and ended calls.
class ObjectStorage {
 public:
  // The referred objects must outlive this one.
  ObjectStorage(BaseUrl endpoint, std::string bucket, StorageSignature signature, HttpClient& http, Clock& clock,
                RandomFraction random);

  // `key` has the parts of the object's key; they are joined by slashes.
  using Key = std::vector<std::string>;

  // The object's size (0 if the store does not tell); nullopt if it does not exist.
  Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, Key key);
  Task<absl::Status> Put(CallContext context, Key key, ObjectContent content);

  // A multipart upload. The object exists when the upload is completed. Until then the parts use storage, so an upload
  // that will not be completed must be aborted. BeginUpload returns the upload's id; a part is identified by its
  // number, from 1, and its etag.
  Task<absl::StatusOr<std::string>> BeginUpload(CallContext context, Key key);
  Task<absl::StatusOr<std::string>> UploadPart(CallContext context, Key key, std::string upload_id, int number,
                                               ObjectContent content);
  // OK if the object exists, even if the answer to an earlier attempt was lost.
  Task<absl::Status> CompleteUpload(CallContext context, Key key, std::string upload_id,
                                    std::vector<std::string> etags);
  Task<absl::Status> AbortUpload(CallContext context, Key key, std::string upload_id);

 private:
  struct Operation;

  Task<absl::StatusOr<HttpResponse>> Send(CallContext context, Operation operation);
  Task<absl::StatusOr<HttpResponse>> SendOnce(CallContext context, const Operation& operation);
  absl::Status TransportError(const absl::Status& error, const CallContext& context) const;
  absl::Status AnswerError(const HttpResponse& response) const;
  absl::Status Unavailable(std::string_view why) const;
  std::string Name() const;

  const BaseUrl endpoint_;
  const std::string bucket_;
  const StorageSignature signature_;
  HttpClient& http_;
  Clock& clock_;
  Retrier retrier_;
};

// The text of the first element of this name in a store's XML answer, with character references resolved; empty if
// there is none. Enough for these answers, whose attributes do not matter.
std::string XmlElementText(std::string_view xml, std::string_view name);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_STORAGE_OBJECT_STORAGE_H_
