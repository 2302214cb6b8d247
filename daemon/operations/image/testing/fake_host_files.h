#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_FAKE_HOST_FILES_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_FAKE_HOST_FILES_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// Files in memory, below "/src", the only directory that is open.
class FakeHostFiles : public HostFiles {
 public:
  // Absolute paths, normalised; their directories come into being with them.
  void AddFile(std::string_view path, std::string_view content);
  void AddDirectory(std::string_view path);

  absl::StatusOr<Kind> KindOf(std::string_view path) const override;
  absl::StatusOr<std::string> ReadFile(std::string_view path, size_t max_bytes) const override;
  absl::StatusOr<std::vector<std::string>> ListDirectory(std::string_view path) const override;

 private:
  std::map<std::string, std::string, std::less<>> files_;
  std::map<std::string, std::set<std::string>, std::less<>> directories_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_FAKE_HOST_FILES_H_
