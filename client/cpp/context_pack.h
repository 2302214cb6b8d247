#ifndef DAYTONAD_CLIENT_CPP_CONTEXT_PACK_H_
#define DAYTONAD_CLIENT_CPP_CONTEXT_PACK_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daytonad/v1/build_service.pb.h"

namespace daytonad::client {

// What becomes of a path below a context.
enum class Inclusion {
  kTake,
  kSkip,               // with all that is in it
  kSkipButLookInside,  // the directory is left out, but something in it may be wanted
};

// A file or a directory of this machine that becomes a build context.
struct ContextSource {
  // If it is a symbolic link, the context is what it leads to. Links below it stay links.
  std::string path;
  // Its name in the build, as BuildContextHeader has it.
  std::string archive_path;
  // Asked for each path of a directory, relative to it; the directory itself is "". Unset: everything is taken.
  std::function<Inclusion(const std::string& path)> includes;
};

struct PackedContext {
  // Archive path, size and hash: the first message of an upload.
  v1::BuildContextHeader header;
  // Everything was left out: there is nothing to upload.
  bool empty = false;
};

// Takes the next bytes of a tar. False: stop.
using TarSink = std::function<bool(std::string_view bytes)>;

// Reads a context once, from one end to the other, for its hash and its size, and gives its tar to `sink`, if there is
// one. A few hundred KiB of it are in memory at a time.
//
// The entries come in the order in which the file system lists them, the subdirectories of a directory after everything
// else in it, and belong to user and group 0. The hash is the daemon's own, which no two trees share. The error names
// the file that can't be read, is something else than a file, a directory or a link (INVALID_ARGUMENT), or changed
// meanwhile (ABORTED); CANCELLED: the sink did not want more.
absl::StatusOr<PackedContext> PackContext(const ContextSource& source, const TarSink& sink = {});

// How the Daytona Python SDK calls a path inside a build context: normalised and without leading slashes. "./app/" is
// "app", "/tmp/a" is "tmp/a". INVALID_ARGUMENT if nothing is left of it, or it begins with `..`.
absl::StatusOr<std::string> DefaultArchivePath(const std::string& path);

}  // namespace daytonad::client

#endif  // DAYTONAD_CLIENT_CPP_CONTEXT_PACK_H_
