#ifndef DAYTONAD_EMULATOR_STORAGE_STORAGE_H_
#define DAYTONAD_EMULATOR_STORAGE_STORAGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "emulator/base/scheduler.h"
#include "emulator/base/spool.h"

namespace daytonad::emulator {

inline constexpr std::string_view kStorageBucket = "emulator-builds";
// Not the region that clients fall back to, so that one which does not use what it was told is noticed.
inline constexpr std::string_view kStorageRegion = "eu-central-1";

// A refusal in S3's words.
struct StorageError {
  int status;
  std::string code;
  std::string message;
  // Further members of the error, as {name, text}.
  std::vector<std::pair<std::string, std::string>> details = {};
};

// What push-access gives out.
struct StorageKeys {
  std::string access_key;
  std::string secret;
  std::string session_token;
  WallTime expires = 0;
};

using SpoolPtr = std::shared_ptr<const Spool>;

struct StoredObject {
  std::vector<SpoolPtr> pieces;  // one, or the parts of a multipart upload
  std::uint64_t size = 0;
  std::string etag;  // without quotes
  WallTime modified = 0;
  mutable std::string md5 = {};  // once asked for

  // Of the whole content; a multipart object's etag is something else. Reads all parts of such an object once.
  const std::string& Md5Hex() const;
  std::string ToString() const;
};

struct MultipartUpload {
  std::string key;
  WallTime begun = 0;
  std::map<int, SpoolPtr> parts;  // by number
};

// Buckets of the upstream's object store: one, with objects by key.
class Storage {
 public:
  struct NamedPart {
    int number;
    std::string etag;
  };

  explicit Storage(Scheduler& scheduler) : scheduler_(scheduler) {}

  // An installation may have none.
  bool configured() const { return configured_; }
  void set_configured(bool configured) { configured_ = configured; }

  // Keys that are good for an hour.
  StorageKeys NewKeys();
  // Null if there never were such, or if they ran out long ago.
  const StorageKeys* FindKeys(const std::string& access_key) const;
  void ExpireKeys();

  void Put(const std::string& key, std::vector<SpoolPtr> pieces, std::string etag);
  const StoredObject* Find(const std::string& key) const;
  const std::map<std::string, StoredObject>& objects() const { return objects_; }
  // Is there a build context under that hash?
  bool HasContext(const std::string& hash) const;

  // Returns the upload's id.
  std::string BeginUpload(const std::string& key);
  // Null if it is over or never was, or was for another key.
  MultipartUpload* FindUpload(const std::string& id, const std::string& key);
  // Makes an object of the parts named, and returns it; the upload is over.
  std::variant<const StoredObject*, StorageError> CompleteUpload(const std::string& id,
                                                                 const std::vector<NamedPart>& parts);
  void AbortUpload(const std::string& id) { uploads_.erase(id); }
  const std::map<std::string, MultipartUpload>& uploads() const { return uploads_; }

  // Forgets objects and uploads. Keys stay.
  void Clear();

  // Requests that brought what Daytona's API alone should be sent.
  std::uint64_t foreign_credentials() const { return foreign_credentials_; }
  void CountForeignCredential() { ++foreign_credentials_; }

 private:
  Scheduler& scheduler_;
  bool configured_ = true;
  std::map<std::string, StorageKeys> keys_;
  std::map<std::string, StoredObject> objects_;
  std::map<std::string, MultipartUpload> uploads_;
  std::uint64_t foreign_credentials_ = 0;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_STORAGE_STORAGE_H_
