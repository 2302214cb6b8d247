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
// A file's bytes, as a request brought them.
struct InlineFile {
  std::string content;
};
// An uncompressed tar with paths relative to the directory that it stands for, as a request brought it.
struct InlineTar {
  std::string tar;
};
// Uploaded before; nothing is known of it but its hash.
struct UploadedContext {
  std::string hash;
};

// One thing that COPY lines take from.
struct ContextSource {
  // Where upstream unpacks it, relative to the build's root: what the COPY lines name. Empty: at the root itself (an
  // InlineTar only), or not known (an UploadedContext). ".": at the root too (a HostPath only), which is what the SDKs
  // call the directory that `COPY .` takes.
  std::string archive_path;
  std::variant<HostPath, InlineFile, InlineTar, UploadedContext> content;
};

// What an image comes down to before its contexts are uploaded.
struct BuildPlan {
  std::string dockerfile;
  // In the order in which the image names them.
  std::vector<ContextSource> contexts;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_BUILD_PLAN_H_
