#include "daemon/operations/build/image_builder.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/plan.h"

namespace daytonad {
namespace {

// Upstream takes requests of up to 102,400 bytes. A Dockerfile that does not fit is rejected before its files are
// uploaded.
constexpr size_t kMaxDockerfile = 102'400;

absl::Status CheckSize(const std::string& dockerfile) {
  if (dockerfile.size() <= kMaxDockerfile) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kInvalidArgument, "BODY_TOO_LARGE",
      absl::StrCat("The image's Dockerfile is ", dockerfile.size(), " bytes long; Daytona takes requests of at most ",
                   kMaxDockerfile, ". Put long content into files and copy them. Nothing was sent."),
      {{"limit", absl::StrCat(kMaxDockerfile)}});
}

}  // namespace

Task<ImageBuilder::Build> ImageBuilder::ForSandbox(CallContext context, const v1::SandboxSpec& spec) {
  switch (spec.source_case()) {
    case v1::SandboxSpec::kImage:
      // Upstream has no image field for sandboxes: the SDKs send a Dockerfile of one line, and no list of contexts.
      co_return ImageBuild{absl::StrCat("FROM ", spec.image(), "\n"), std::nullopt};
    case v1::SandboxSpec::kDockerfile:
      co_return ImageBuild{spec.dockerfile(), std::vector<std::string>{}};
    case v1::SandboxSpec::kDeclarativeImage:
      break;
    case v1::SandboxSpec::kSnapshot:
    case v1::SandboxSpec::SOURCE_NOT_SET:
      co_return std::nullopt;
  }
  co_return co_await FromImage(std::move(context), spec.declarative_image());
}

Task<ImageBuilder::Build> ImageBuilder::ForSnapshot(CallContext context, const v1::SnapshotSpec& spec) {
  absl::StatusOr<ImageBuild> build;
  switch (spec.source_case()) {
    case v1::SnapshotSpec::kDockerfile:
      build = ImageBuild{spec.dockerfile(), std::vector<std::string>{}};
      break;
    case v1::SnapshotSpec::kDeclarativeImage:
      build = co_await FromImage(std::move(context), spec.declarative_image());
      break;
    case v1::SnapshotSpec::kImage:
    case v1::SnapshotSpec::SOURCE_NOT_SET:
      co_return std::nullopt;
  }
  if (!build.ok()) co_return build.status();
  if (!spec.entrypoint().empty()) {
    absl::StatusOr<std::string> dockerfile = WithEntrypoint(build->dockerfile, spec.entrypoint(), "spec.entrypoint");
    if (!dockerfile.ok()) co_return dockerfile.status();
    build->dockerfile = *std::move(dockerfile);
  }
  co_return *std::move(build);
}

Task<absl::StatusOr<ImageBuild>> ImageBuilder::FromImage(CallContext context, const v1::Image& image) {
  auto plan_image = [this, &image] { return PlanImage(image, "spec.declarative_image", files_); };
  absl::StatusOr<BuildPlan> plan = co_await RunOnPool(pool_, std::move(plan_image));
  if (!plan.ok()) co_return plan.status();
  if (absl::Status size = CheckSize(plan->dockerfile); !size.ok()) co_return size;
  absl::StatusOr<std::vector<std::string>> hashes =
      co_await uploader_.UploadAll(std::move(context), std::move(plan->contexts));
  if (!hashes.ok()) co_return hashes.status();
  co_return ImageBuild{std::move(plan->dockerfile), *std::move(hashes)};
}

}  // namespace daytonad
