// Parsing a Dockerfile, and looking up the files named in its COPY lines.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "daemon/operations/image/archive_path.h"
#include "daemon/operations/image/copy_sources.h"
#include "daemon/operations/image/dockerfile.h"
#include "daemon/operations/image/testing/random_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const daytonad::FakeHostFiles* const files = new daytonad::FakeHostFiles(daytonad::RandomImageFiles());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const daytonad::DockerfileText parsed = daytonad::ParseDockerfile(text);
  const auto copied = daytonad::FindCopied(parsed, "/src", *files);
  if (!copied.ok()) return 0;
  for (const daytonad::ContextSource& context : *copied) {
    const std::string path = daytonad::NormalizePath(std::get<daytonad::HostPath>(context.content).path);
    if (path == "/src" || absl::StartsWith(path, "/src/")) continue;
    std::fprintf(stderr, "taken from outside of the context: %s\n", path.c_str());
    std::abort();
  }
  return 0;
}
