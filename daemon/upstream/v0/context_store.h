#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CONTEXT_STORE_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CONTEXT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/net/http_client.h"
#include "daemon/net/url.h"
#include "daemon/upstream/v0/json_fields.h"
#include "daemon/upstream/v0/object_storage.h"

namespace daytonad {

// Where Daytona wants build contexts to be put, and the keys that it lends for that.
struct StorageAccess {
  BaseUrl endpoint;
  std::string bucket;
  std::string organization_id;
  StorageSignature signature;
};

// The answer to GET /object-storage/push-access. UPSTREAM_FOREIGN_ANSWER, which names the field, if it lacks what can't
// be done without; UPSTREAM_MALFORMED_RESPONSE if that can't be used. No error repeats a value.
absl::StatusOr<StorageAccess> ReadStorageAccess(const Json& json);

// How an upload is cut into parts; S3 itself wants at least 5 MiB and at most 10,000 parts.
struct PartLimits {
  size_t part_size = size_t{8} << 20;
  int max_parts = 10'000;
};

// The build contexts of one organization: each is the object {organization}/{hash}/context.tar. The referred objects
// must outlive this one.
//
// What fits into one part is sent whole by Finish; of more, each part is sent as soon as it is full, while Write waits,
// so that an upload holds one part in memory.
//
// Errors, besides those of ObjectStorage: INVALID_ARGUMENT, INVALID_REQUEST for a hash that is none, CONTEXT_TOO_LARGE
// (metadata `limit`, bytes).
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

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CONTEXT_STORE_H_
