#ifndef DAYTONAD_CLIENT_CPP_CONTEXT_PACK_H_
#define DAYTONAD_CLIENT_CPP_CONTEXT_PACK_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daytonad/v1/build_service.pb.h"

namespace daytonad::client {

// How to treat a path below a context.
enum class Inclusion {
  kTake,
  kSkip,               // with everything below it
  kSkipButLookInside,  // the directory is excluded, but something in it may be included
};

// A file or a directory of this machine that becomes a build context.
struct ContextSource {
  // A symbolic link stands for its target. Links below it stay links.
  std::string path;
  // Its name in the build, as BuildContextHeader has it.
  std::string archive_path;
  // Called for each path in a directory, relative to it; the directory itself is "". Unset: everything is included.
  std::function<Inclusion(const std::string& path)> includes;
};

struct PackedContext {
  // Archive path, size and hash: the first message of an upload.
  v1::BuildContextHeader header;
  // Everything was excluded: there is nothing to upload.
  bool empty = false;
};

// Receives the next bytes of a tar. False: stop.
using TarSink = std::function<bool(std::string_view bytes)>;

// Reads a context once to compute its hash and size, and passes its tar to `sink`, if there is one. Holds a few hundred
// KiB in memory.
//
// Entries come in the file system's order, subdirectories after everything else in their directory, and belong to user
// and group 0. The hash is the daemon's own, which no two trees share. The error names the file that can't be read, is
// neither a file, a directory nor a link (INVALID_ARGUMENT), or changed meanwhile (ABORTED). CANCELLED: the sink
// returned false.
absl::StatusOr<PackedContext> PackContext(const ContextSource& source, const TarSink& sink = {});

// The name that the Daytona Python SDK gives a path in a build context: normalised and without leading slashes.
// "./app/" is "app", "/tmp/a" is "tmp/a". INVALID_ARGUMENT if nothing is left of it, or it begins with `..`.
absl::StatusOr<std::string> DefaultArchivePath(const std::string& path);

}  // namespace daytonad::client

#endif  // DAYTONAD_CLIENT_CPP_CONTEXT_PACK_H_
