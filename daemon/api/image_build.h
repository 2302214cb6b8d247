#ifndef DAYTONAD_DAEMON_API_IMAGE_BUILD_H_
#define DAYTONAD_DAEMON_API_IMAGE_BUILD_H_

#include <optional>
#include <string>
#include <vector>

namespace daytonad {

// An image as upstream builds it: a Dockerfile, and the hashes of the build contexts that it copies from.
struct ImageBuild {
  std::string dockerfile;
  // Absent for a plain image reference, as the SDKs send it. May be empty for a Dockerfile.
  std::optional<std::vector<std::string>> context_hashes;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_IMAGE_BUILD_H_
