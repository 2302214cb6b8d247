#ifndef DAYTONAD_DAEMON_AUTH_CREDENTIAL_SOURCE_H_
#define DAYTONAD_DAEMON_AUTH_CREDENTIAL_SOURCE_H_

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/auth/credential.h"
#include "daemon/base/clock.h"

namespace daytonad {

// The source of the credential. Loop thread only.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  // The credential for a request that is about to be sent. Cheap; called for each request.
  virtual const Credential& Current() = 0;
};

// A constant credential, from the environment or the configuration file.
class StaticCredential final : public CredentialSource {
 public:
  explicit StaticCredential(Credential credential) : credential_(std::move(credential)) {}
  const Credential& Current() override { return credential_; }

 private:
  Credential credential_;
};

// An API key in a file (--api-key-file). It is reread when the file is replaced: a rotated Kubernetes secret takes
// effect within a second, without a restart. While the new file is unusable, the old key stays in use, and one warning
// is logged. A file that cannot be read, for lack of descriptors or permissions, is retried every second.
class FileCredential final : public CredentialSource {
 public:
  // Reads the file: one key; trailing line breaks are ignored. FAILED_PRECONDITION (CREDENTIAL_FILE_UNREADABLE or
  // CREDENTIAL_INVALID) names the file.
  static absl::StatusOr<std::unique_ptr<FileCredential>> Open(std::string path, Clock& clock);

  const Credential& Current() override;

 private:
  // Identifies a file and its version. Follows symbolic links, which Kubernetes uses.
  struct Version {
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t modified_ns;
    bool operator==(const Version&) const = default;
  };

  FileCredential(std::string path, Clock& clock) : path_(std::move(path)), clock_(clock) {}

  std::optional<Version> VersionNow() const;
  absl::StatusOr<Credential> Read() const;
  void Warn(const absl::Status& problem);

  std::string path_;
  Clock& clock_;
  Clock::TimePoint next_look_;
  std::optional<Version> seen_;  // the version that was read last; unset after a failure
  std::string warning_;          // the last logged warning, until a key is usable again
  Credential credential_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_AUTH_CREDENTIAL_SOURCE_H_
