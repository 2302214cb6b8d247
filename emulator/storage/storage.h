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
// Not the region that clients fall back to: this exposes a client that ignores the region it is given.
inline constexpr std::string_view kStorageRegion = "eu-central-1";

// An error with S3's code and message.
struct StorageError {
  int status;
  std::string code;
  std::string message;
  // Further members of the error, as {name, text}.
  std::vector<std::pair<std::string, std::string>> details = {};
};

// The keys that push-access issues.
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
  mutable std::string md5 = {};  // computed on demand

  // The MD5 of the whole content, unlike a multipart object's etag. Reads all parts of such an object once.
  const std::string& Md5Hex() const;
  std::string ToString() const;
};

struct MultipartUpload {
  std::string key;
  WallTime begun = 0;
  std::map<int, SpoolPtr> parts;  // by number
};

// The upstream's object store: one bucket with objects by key.
class Storage {
 public:
  struct NamedPart {
    int number;
    std::string etag;
  };

  explicit Storage(Scheduler& scheduler) : scheduler_(scheduler) {}

  // An installation may have no object store.
  bool configured() const { return configured_; }
  void set_configured(bool configured) { configured_ = configured; }

  // Issues keys that are valid for an hour.
  StorageKeys NewKeys();
  // Null if they were never issued or expired long ago.
  const StorageKeys* FindKeys(const std::string& access_key) const;
  void ExpireKeys();

  void Put(const std::string& key, std::vector<SpoolPtr> pieces, std::string etag);
  const StoredObject* Find(const std::string& key) const;
  const std::map<std::string, StoredObject>& objects() const { return objects_; }
  // Whether a build context is stored under that hash.
  bool HasContext(const std::string& hash) const;

  // Returns the upload's id.
  std::string BeginUpload(const std::string& key);
  // Null if it has ended, never existed, or has another key.
  MultipartUpload* FindUpload(const std::string& id, const std::string& key);
  // Makes an object from the named parts, returns it and ends the upload.
  std::variant<const StoredObject*, StorageError> CompleteUpload(const std::string& id,
                                                                 const std::vector<NamedPart>& parts);
  void AbortUpload(const std::string& id) { uploads_.erase(id); }
  const std::map<std::string, MultipartUpload>& uploads() const { return uploads_; }

  // Removes objects and uploads, not keys.
  void Clear();

  // Requests that carried a credential meant for Daytona's API only.
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
