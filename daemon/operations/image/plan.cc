#include "daemon/operations/image/plan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/context_steps.h"
#include "daemon/operations/image/dockerfile.h"
#include "daemon/operations/image/draft.h"
#include "daemon/operations/image/python_version.h"
#include "daemon/operations/image/simple_steps.h"

namespace daytonad {
namespace {

// An image reference. FROM also takes "--platform=linux/arm64 debian:12 AS build", which cannot leave its line.
bool IsBaseImage(std::string_view image) {
  return !image.empty() && image.front() != ' ' && image.back() != ' ' &&
         std::all_of(image.begin(), image.end(), [](char c) {
           return absl::ascii_isalnum(c) || std::string_view(" ._/:@+=-").find(c) != std::string_view::npos;
         });
}

void PlanDebianSlim(const v1::DebianSlim& base, std::string_view field, PlanDraft& draft) {
  const absl::StatusOr<std::string> release = PythonRelease(base.python_version());
  if (!release.ok()) return draft.Fail(SubField(field, "python_version"), release.status());
  draft.Append(absl::StrCat("FROM python:", *release,
                            "-slim-bookworm\n"
                            "RUN apt-get update\n"
                            "RUN apt-get install -y gcc gfortran build-essential\n"
                            "RUN pip install --upgrade pip\n"
                            "RUN echo 'debconf debconf/frontend select Noninteractive' | debconf-set-selections\n"));
}

void PlanBase(const v1::Image& image, std::string_view field, const HostFiles& files, PlanDraft& draft) {
  switch (image.base_case()) {
    case v1::Image::kBaseImage:
      if (!IsBaseImage(image.base_image())) {
        return draft.Refuse(SubField(field, "base_image"),
                            R"(must be an image reference, "debian:12" or "registry.example/team/image@sha256:...")");
      }
      return draft.Append(absl::StrCat("FROM ", image.base_image(), "\n"));
    case v1::Image::kDebianSlim:
      return PlanDebianSlim(image.debian_slim(), SubField(field, "debian_slim"), draft);
    case v1::Image::kDockerfile:
      return PlanDockerfile(image.dockerfile(), SubField(field, "dockerfile"), files, draft);
    case v1::Image::BASE_NOT_SET:
      draft.Refuse(field, "needs base_image, debian_slim or dockerfile");
  }
}

void PlanPipInstall(const v1::PipInstall& step, std::string_view field, PlanDraft& draft) {
  if (step.packages().empty()) return;
  const std::string packages =
      PipPackages({step.packages().begin(), step.packages().end()}, SubField(field, "packages"), draft);
  AppendPipInstall(packages, step.options(), SubField(field, "options"), draft);
}

void PlanStep(const v1::ImageStep& step, std::string_view field, const HostFiles& files, PlanDraft& draft) {
  switch (step.step_case()) {
    case v1::ImageStep::kPipInstall:
      return PlanPipInstall(step.pip_install(), SubField(field, "pip_install"), draft);
    case v1::ImageStep::kPipInstallFromRequirements:
      return PlanRequirements(step.pip_install_from_requirements(), SubField(field, "pip_install_from_requirements"),
                              files, draft);
    case v1::ImageStep::kPipInstallFromPyproject:
      return PlanPyproject(step.pip_install_from_pyproject(), SubField(field, "pip_install_from_pyproject"), files,
                           draft);
    case v1::ImageStep::kAddLocalFile:
      return PlanLocalFile(step.add_local_file(), SubField(field, "add_local_file"), files, draft);
    case v1::ImageStep::kAddLocalDir:
      return PlanLocalDir(step.add_local_dir(), SubField(field, "add_local_dir"), files, draft);
    case v1::ImageStep::kRunCommands:
      return PlanRunCommands(step.run_commands(), SubField(field, "run_commands"), draft);
    case v1::ImageStep::kEnv:
      return PlanEnv(step.env(), SubField(field, "env"), draft);
    case v1::ImageStep::kWorkdir:
      return PlanWorkdir(step.workdir(), SubField(field, "workdir"), draft);
    case v1::ImageStep::kEntrypoint:
      return PlanCommandWords("ENTRYPOINT", step.entrypoint().words(), SubField(field, "entrypoint.words"), draft);
    case v1::ImageStep::kCmd:
      return PlanCommandWords("CMD", step.cmd().words(), SubField(field, "cmd.words"), draft);
    case v1::ImageStep::kDockerfileCommands:
      return PlanDockerfileCommands(step.dockerfile_commands(), SubField(field, "dockerfile_commands"), files, draft);
    case v1::ImageStep::kAptGet:
      return PlanAptGet(step.apt_get(), SubField(field, "apt_get"), draft);
    case v1::ImageStep::kUser:
      return PlanUser(step.user(), SubField(field, "user"), draft);
    case v1::ImageStep::kCopy:
      return PlanCopyPaths("COPY", step.copy(), SubField(field, "copy"), draft);
    case v1::ImageStep::kAdd:
      return PlanCopyPaths("ADD", step.add(), SubField(field, "add"), draft);
    case v1::ImageStep::kExpose:
      return PlanExpose(step.expose(), SubField(field, "expose"), draft);
    case v1::ImageStep::kLabel:
      return PlanLabel(step.label(), SubField(field, "label"), draft);
    case v1::ImageStep::kVolume:
      return PlanVolume(step.volume(), SubField(field, "volume"), draft);
    case v1::ImageStep::STEP_NOT_SET:
      draft.Refuse(field, "says nothing to do");
  }
}

}  // namespace

absl::StatusOr<BuildPlan> PlanImage(const v1::Image& image, std::string_view field, const HostFiles& files) {
  PlanDraft draft;
  PlanBase(image, field, files, draft);
  for (int i = 0; i < image.steps_size(); ++i) {
    PlanStep(image.steps(i), FieldElement(field, "steps", i), files, draft);
  }
  for (int i = 0; i < image.context_hashes_size(); ++i) {
    PlanUploaded(image.context_hashes(i), FieldElement(field, "context_hashes", i), draft);
  }
  return std::move(draft).Finish();
}

absl::StatusOr<std::string> WithEntrypoint(std::string_view dockerfile,
                                           const google::protobuf::RepeatedPtrField<std::string>& words,
                                           std::string_view field) {
  PlanDraft draft;
  draft.AppendVerbatim(field, dockerfile, ParseDockerfile(dockerfile));
  PlanCommandWords("ENTRYPOINT", words, field, draft);
  absl::StatusOr<BuildPlan> plan = std::move(draft).Finish();
  if (!plan.ok()) return plan.status();
  return std::move(plan->dockerfile);
}

}  // namespace daytonad
