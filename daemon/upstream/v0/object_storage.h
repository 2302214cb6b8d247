#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_OBJECT_STORAGE_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_OBJECT_STORAGE_H_

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
#include "daemon/net/http_client.h"
#include "daemon/net/url.h"
#include "daemon/upstream/v0/retry.h"

namespace daytonad {

// The bytes of an object or of a part of one; shared, so that they can be sent again without a copy.
using ObjectContent = std::shared_ptr<const std::string>;

// A bucket of an S3 store, or of one that speaks the same protocol, addressed in the path
// ({endpoint}/{bucket}/{key...}). Only what the upload of build contexts needs. Nothing of Daytona's goes there:
// neither its credential nor its headers.
//
// What can pass is tried a few times: every request here may be sent twice.
//
// Errors, with the metadata `storage_url`, `http_status`, `storage_error` (S3's code) and `storage_message` where
// known:
// - PERMISSION_DENIED: CONTEXT_STORE_REFUSED, the store does not accept the keys;
// - UNAVAILABLE: CONTEXT_STORE_UNAVAILABLE, it can't be reached, does not answer in time or can't serve now (5xx, 429);
//   has a RetryInfo;
// - UNKNOWN: UPSTREAM_UNEXPECTED_STATUS, another answer that is no success; redirects, too;
// - INTERNAL: UPSTREAM_MALFORMED_RESPONSE, a signature can't be made with these keys and this region;
// - those of HttpClient for a connection that is not trustworthy, and for a call that ended.
class ObjectStorage {
 public:
  // The referred objects must outlive this one.
  ObjectStorage(BaseUrl endpoint, std::string bucket, StorageSignature signature, HttpClient& http, Clock& clock,
                RandomFraction random);

  // `key` in all of these: the parts of the object's key, which slashes are put between.
  using Key = std::vector<std::string>;

  // How many bytes the object has (0 if the store does not tell); nullopt if there is none.
  Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, Key key);
  Task<absl::Status> Put(CallContext context, Key key, ObjectContent content);

  // An object in parts. It is there when its upload has been completed; until then the parts take up room, so an upload
  // that will not be completed is to be aborted. An upload is named by the id that BeginUpload gives, a part by its
  // number, from 1, and its etag.
  Task<absl::StatusOr<std::string>> BeginUpload(CallContext context, Key key);
  Task<absl::StatusOr<std::string>> UploadPart(CallContext context, Key key, std::string upload_id, int number,
                                               ObjectContent content);
  // OK if the object is there, even if the answer that said so was lost.
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

// The text of the first element of this name in an XML answer of a store, its character references resolved; empty if
// there is none. Enough for these answers, whose elements have no attributes that matter.
std::string XmlElementText(std::string_view xml, std::string_view name);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_OBJECT_STORAGE_H_
