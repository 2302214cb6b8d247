#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_STORAGE_CONTEXT_STORE_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_STORAGE_CONTEXT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/net/http/http_client.h"
#include "daemon/net/url.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daemon/upstream/v0/storage/object_storage.h"

namespace daytonad {

// The place where Daytona wants build contexts to be stored, and temporary keys for it.
struct StorageAccess {
  BaseUrl endpoint;
  std::string bucket;
  std::string organization_id;
  StorageSignature signature;
};

// Parses the answer to GET /object-storage/push-access. UPSTREAM_FOREIGN_ANSWER names a missing required field;
// UPSTREAM_MALFORMED_RESPONSE an unusable one. No error repeats a value.
absl::StatusOr<StorageAccess> ReadStorageAccess(const Json& json);

// The part sizes of an upload. S3 itself requires at least 5 MiB per part and at most 10,000 parts.
struct PartLimits {
  size_t part_size = size_t{8} << 20;
  int max_parts = 10'000;
};

// The build contexts of one organization: each is the object {organization}/{hash}/context.tar. The referred objects
// must outlive this one.
//
// A context that fits into one part is sent by Finish in one request. A larger one is sent part by part, each as soon
// as it is full, while Write waits; so an upload holds one part in memory.
//
// Errors, besides those of ObjectStorage: INVALID_ARGUMENT with INVALID_REQUEST for an invalid hash, or
// CONTEXT_TOO_LARGE (metadata `limit`, bytes).
class S3ContextStore final : public ContextStore {
 public:
  S3ContextStore(const StorageAccess& access, HttpClient& http, Clock& clock, RandomFraction random,
                 PartLimits limits = PartLimits());

  Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, std::string hash) override;
  std::unique_ptr<ContextUpload> Upload(std::string hash) override;

 private:
  ObjectStorage::Key KeyOf(const std::string& hash) const;

  const std::string organization_id_;
  const PartLimits limits_;
  ObjectStorage storage_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_STORAGE_CONTEXT_STORE_H_
