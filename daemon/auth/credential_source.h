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

// Where the credential of a profile comes from. Loop thread only.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  // The credential to use for a request that is about to be sent. Cheap: asked for each one.
  virtual const Credential& Current() = 0;
};

// The same for the whole life of the daemon: from the environment or the configuration file.
class StaticCredential final : public CredentialSource {
 public:
  explicit StaticCredential(Credential credential) : credential_(std::move(credential)) {}
  const Credential& Current() override { return credential_; }

 private:
  Credential credential_;
};

// An API key in a file (--api-key-file), followed when the file is replaced: a rotated Kubernetes secret is taken up
// within a second, without a restart. While the new file cannot be used, the old key stays in use, and a warning says
// so once. A file that can't be read just now, for want of descriptors or of rights, is tried again each second.
class FileCredential final : public CredentialSource {
 public:
  // Reads the file: one key, line breaks at its end are ignored. FAILED_PRECONDITION (reason CREDENTIAL_FILE_UNREADABLE
  // or CREDENTIAL_INVALID) names the file.
  static absl::StatusOr<std::unique_ptr<FileCredential>> Open(std::string path, Clock& clock);

  const Credential& Current() override;

 private:
  // Tells one file, and one writing of it, from another. Follows symbolic links, as Kubernetes makes them.
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
  std::optional<Version> seen_;  // what was read last; unset if it could not be
  std::string warning_;          // what was logged last, until a key could be used again
  Credential credential_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_AUTH_CREDENTIAL_SOURCE_H_
