#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILD_PLAN_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILD_PLAN_H_

#include <string>
#include <variant>
#include <vector>

namespace daytonad {

// A file or directory on the daemon's machine.
struct HostPath {
  std::string path;  // absolute
};
// A file's bytes, from the request.
struct InlineFile {
  std::string content;
};
// An uncompressed tar of a directory, with paths relative to it, from the request.
struct InlineTar {
  std::string tar;
};
// Uploaded before; only its hash is known.
struct UploadedContext {
  std::string hash;
};

// One source of COPY lines.
struct ContextSource {
  // Where upstream unpacks it, relative to the build's root; COPY lines use this name. Empty: at the root (InlineTar
  // only), or not known (UploadedContext). ".": at the root too (HostPath only), the SDKs' name for the directory of
  // `COPY .`.
  std::string archive_path;
  std::variant<HostPath, InlineFile, InlineTar, UploadedContext> content;
};

// The Dockerfile and the contexts of an image, before the upload.
struct BuildPlan {
  std::string dockerfile;
  // In the order in which the image names them.
  std::vector<ContextSource> contexts;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILD_PLAN_H_
