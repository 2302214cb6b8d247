#include "daemon/operations/image_builder.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

std::string FromLine(const std::string& image) { return absl::StrCat("FROM ", image, "\n"); }

// The part of declarative images that this version renders: a base, and nothing on top of it.
absl::StatusOr<ImageBuild> Render(const v1::Image& image) {
  if (image.steps().empty() && image.context_hashes().empty()) {
    if (image.base_case() == v1::Image::kBaseImage) {
      return ImageBuild{FromLine(image.base_image()), std::vector<std::string>{}};
    }
    if (image.base_case() == v1::Image::kDockerfile &&
        image.dockerfile().source_case() == v1::DockerfileFile::kContent) {
      return ImageBuild{image.dockerfile().content(), std::vector<std::string>{}};
    }
  }
  return MakeError(
      absl::StatusCode::kUnimplemented, "NOT_SERVED_YET",
      "This version builds declarative images of a base image or a Dockerfile text alone. Write the steps as a "
      "Dockerfile and give it as `dockerfile`.");
}

// As the SDKs write it: exec form, double quotes.
std::string EntrypointLine(const google::protobuf::RepeatedPtrField<std::string>& words) {
  return absl::StrCat(
      "ENTRYPOINT [",
      absl::StrJoin(words, ", ",
                    [](std::string* out, const std::string& word) {
                      absl::StrAppend(out, "\"", absl::StrReplaceAll(word, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
                    }),
      "]\n");
}

absl::StatusOr<std::optional<ImageBuild>> BuildOf(const v1::SandboxSpec& spec) {
  switch (spec.source_case()) {
    case v1::SandboxSpec::kImage:
      // Upstream has no image field for sandboxes: the SDKs send a Dockerfile of one line, and no list of contexts.
      return ImageBuild{FromLine(spec.image()), std::nullopt};
    case v1::SandboxSpec::kDockerfile:
      return ImageBuild{spec.dockerfile(), std::vector<std::string>{}};
    case v1::SandboxSpec::kDeclarativeImage:
      return Render(spec.declarative_image());
    case v1::SandboxSpec::kSnapshot:
    case v1::SandboxSpec::SOURCE_NOT_SET:
      break;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<ImageBuild>> BuildOf(const v1::SnapshotSpec& spec) {
  absl::StatusOr<ImageBuild> build;
  switch (spec.source_case()) {
    case v1::SnapshotSpec::kDockerfile:
      build = ImageBuild{spec.dockerfile(), std::vector<std::string>{}};
      break;
    case v1::SnapshotSpec::kDeclarativeImage:
      build = Render(spec.declarative_image());
      break;
    case v1::SnapshotSpec::kImage:
    case v1::SnapshotSpec::SOURCE_NOT_SET:
      return std::nullopt;
  }
  if (!build.ok()) return build.status();
  if (!spec.entrypoint().empty()) {
    if (!absl::EndsWith(build->dockerfile, "\n")) build->dockerfile.push_back('\n');
    build->dockerfile += EntrypointLine(spec.entrypoint());
  }
  return *std::move(build);
}

}  // namespace

Task<absl::StatusOr<std::optional<ImageBuild>>> ImageBuilder::Build(CallContext, const v1::SandboxSpec& spec) {
  co_return BuildOf(spec);
}

Task<absl::StatusOr<std::optional<ImageBuild>>> ImageBuilder::Build(CallContext, const v1::SnapshotSpec& spec) {
  co_return BuildOf(spec);
}

}  // namespace daytonad
