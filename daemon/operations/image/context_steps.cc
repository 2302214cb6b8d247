#include "daemon/operations/image/context_steps.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/archive_path.h"
#include "daemon/operations/image/copy_sources.h"
#include "daemon/operations/image/docker_words.h"
#include "daemon/operations/image/host_text.h"
#include "daemon/operations/image/inline_name.h"
#include "daemon/operations/image/pyproject.h"
#include "daemon/operations/image/simple_steps.h"

namespace daytonad {
namespace {

constexpr size_t kMaxPathBytes = 4096;

// A context with a name for a COPY line.
struct Placed {
  ContextSource context;
  std::string base_name;  // empty: content without a name
};

bool CheckDaemonPath(std::string_view path, std::string_view field, PlanDraft& draft) {
  if (absl::StartsWith(AbslView(path), "/")) return draft.CheckOneLine(field, path);
  draft.Refuse(field, "must be an absolute path on the daemon's machine");
  return false;
}

bool CheckKind(std::string_view path, HostFiles::Kind wanted, std::string_view field, const HostFiles& files,
               PlanDraft& draft) {
  const absl::StatusOr<HostFiles::Kind> kind = files.KindOf(path);
  if (!kind.ok()) {
    draft.Fail(field, kind.status());
    return false;
  }
  if (*kind == wanted) return true;
  draft.Refuse(field, StdView(absl::StrCat("path ", AbslView(path), " exists but is not a ",
                                           wanted == HostFiles::Kind::kFile ? "file" : "directory")));
  return false;
}

bool CheckArchivePath(std::string_view path, std::string_view field, PlanDraft& draft) {
  if (path.empty() || path == ".") {
    draft.Refuse(field, "must name something below the root of the build context");
    return false;
  }
  if (ClimbsOut(path) || path.size() > kMaxPathBytes) {
    draft.Refuse(field, "must be a path inside the build context, of at most 4096 bytes, without \"..\"");
    return false;
  }
  if (path.find('\\') != std::string_view::npos) {
    draft.Refuse(field, "must not contain a backslash, which COPY takes for an escape: rename it");
    return false;
  }
  return draft.CheckOneLine(field, path);
}

// A source's archive path: the given one, else `fallback`, whose violations name `fallback_field`.
std::optional<std::string> ChooseArchivePath(std::string_view given, std::string_view fallback,
                                             std::string_view fallback_field, std::string_view field,
                                             PlanDraft& draft) {
  const std::string name = given.empty() ? std::string(fallback) : ArchivePath(given);
  const std::string blamed = given.empty() ? SubField(field, fallback_field) : SubField(field, "archive_path");
  if (!CheckArchivePath(name, blamed, draft)) return std::nullopt;
  return name;
}

bool CheckHash(std::string_view hash, std::string_view field, PlanDraft& draft) {
  const bool is_hash = hash.size() == 32 && hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_hash) draft.Refuse(field, "must be a hash that BuildService.UploadBuildContext returned");
  return is_hash;
}

std::optional<Placed> PlaceHostPath(const std::string& path, std::string_view archive_path, HostFiles::Kind kind,
                                    std::string_view field, const HostFiles& files, PlanDraft& draft) {
  const std::string path_field = SubField(field, "daemon_path");
  if (!CheckDaemonPath(path, path_field, draft)) return std::nullopt;
  std::optional<std::string> name = ChooseArchivePath(archive_path, ArchivePath(path), "daemon_path", field, draft);
  if (!name.has_value() || !CheckKind(path, kind, path_field, files, draft)) return std::nullopt;
  return Placed{{*std::move(name), HostPath{path}}, BaseName(path)};
}

std::optional<Placed> PlaceUploaded(const std::string& hash, std::string_view archive_path, std::string_view field,
                                    PlanDraft& draft) {
  const bool is_hash = CheckHash(hash, SubField(field, "context_hash"), draft);
  if (archive_path.empty()) {
    draft.Refuse(SubField(field, "archive_path"), "is required with context_hash: the archive path of the upload");
    return std::nullopt;
  }
  std::optional<std::string> name = ChooseArchivePath(archive_path, "", "archive_path", field, draft);
  if (!is_hash || !name.has_value()) return std::nullopt;
  std::string base_name = BaseName(*name);
  return Placed{{*std::move(name), UploadedContext{hash}}, std::move(base_name)};
}

std::optional<Placed> PlaceFile(const v1::FileSource& source, std::string_view field, const HostFiles& files,
                                PlanDraft& draft) {
  switch (source.source_case()) {
    case v1::FileSource::kDaemonPath:
      return PlaceHostPath(source.daemon_path(), source.archive_path(), HostFiles::Kind::kFile, field, files, draft);
    case v1::FileSource::kContextHash:
      return PlaceUploaded(source.context_hash(), source.archive_path(), field, draft);
    case v1::FileSource::kContent: {
      std::optional<std::string> name =
          ChooseArchivePath(source.archive_path(), InlineFileName(source.content()), "content", field, draft);
      if (!name.has_value()) return std::nullopt;
      std::string base_name = source.archive_path().empty() ? "" : BaseName(*name);
      return Placed{{*std::move(name), InlineFile{source.content()}}, std::move(base_name)};
    }
    case v1::FileSource::SOURCE_NOT_SET:
      break;
  }
  draft.Refuse(field, "needs content, daemon_path or context_hash");
  return std::nullopt;
}

std::optional<Placed> PlaceDirectory(const v1::DirectorySource& source, std::string_view field, const HostFiles& files,
                                     PlanDraft& draft) {
  switch (source.source_case()) {
    case v1::DirectorySource::kDaemonPath:
      return PlaceHostPath(source.daemon_path(), source.archive_path(), HostFiles::Kind::kDirectory, field, files,
                           draft);
    case v1::DirectorySource::kContextHash:
      return PlaceUploaded(source.context_hash(), source.archive_path(), field, draft);
    case v1::DirectorySource::kTar: {
      std::optional<std::string> name =
          ChooseArchivePath(source.archive_path(), InlineDirectoryName(source.tar()), "tar", field, draft);
      if (!name.has_value()) return std::nullopt;
      return Placed{{*std::move(name), InlineTar{source.tar()}}, ""};
    }
    case v1::DirectorySource::SOURCE_NOT_SET:
      break;
  }
  draft.Refuse(field, "needs tar, daemon_path or context_hash");
  return std::nullopt;
}

void AppendCopy(Placed placed, std::string_view destination, std::string_view field, PlanDraft& draft) {
  const std::string source = DockerSource(placed.context.archive_path, draft.escape());
  draft.Append(absl::StrCat(JsonCopyLine("COPY", source, DockerPattern(destination, draft.escape())), "\n"));
  draft.AddContext(field, std::move(placed.context));
}

void AddCopied(const DockerfileText& parsed, std::string_view context_dir, std::string_view field,
               const HostFiles& files, PlanDraft& draft) {
  absl::StatusOr<std::vector<ContextSource>> copied = FindCopied(parsed, context_dir, files);
  if (!copied.ok()) return draft.Fail(field, copied.status());
  for (ContextSource& context : *copied) {
    if (context.archive_path == "." || CheckArchivePath(context.archive_path, field, draft)) {
      draft.AddContext(field, std::move(context));
    }
  }
}

// The directory that the commands' COPY sources are relative to.
void PlanContextDir(const v1::DirectorySource& source, const DockerfileText& commands, std::string_view field,
                    const HostFiles& files, PlanDraft& draft) {
  switch (source.source_case()) {
    case v1::DirectorySource::kDaemonPath: {
      const std::string path_field = SubField(field, "daemon_path");
      if (!source.archive_path().empty()) {
        draft.Refuse(SubField(field, "archive_path"), "must be empty: the COPY lines name what is in the directory");
      }
      if (CheckDaemonPath(source.daemon_path(), path_field, draft) &&
          CheckKind(source.daemon_path(), HostFiles::Kind::kDirectory, path_field, files, draft)) {
        AddCopied(commands, source.daemon_path(), field, files, draft);
      }
      return;
    }
    case v1::DirectorySource::kTar:
    case v1::DirectorySource::kContextHash: {
      std::string name;
      if (!source.archive_path().empty()) {
        name = ArchivePath(source.archive_path());
        if (!CheckArchivePath(name, SubField(field, "archive_path"), draft)) return;
      }
      if (source.has_tar()) {
        draft.AddContext(field, {std::move(name), InlineTar{source.tar()}});
      } else if (CheckHash(source.context_hash(), SubField(field, "context_hash"), draft)) {
        draft.AddContext(field, {std::move(name), UploadedContext{source.context_hash()}});
      }
      return;
    }
    case v1::DirectorySource::SOURCE_NOT_SET:
      draft.Refuse(field, "needs tar, daemon_path or context_hash");
  }
}

}  // namespace

void PlanUploaded(const std::string& hash, std::string_view field, PlanDraft& draft) {
  if (CheckHash(hash, field, draft)) draft.AddContext(field, {"", UploadedContext{hash}});
}

void PlanDockerfile(const v1::DockerfileFile& file, std::string_view field, const HostFiles& files, PlanDraft& draft) {
  if (file.source_case() == v1::DockerfileFile::SOURCE_NOT_SET) {
    return draft.Refuse(field, "needs content or daemon_path");
  }
  const bool is_local = file.source_case() == v1::DockerfileFile::kDaemonPath;
  const std::string source_field = SubField(field, is_local ? "daemon_path" : "content");
  absl::StatusOr<std::string> text = file.content();
  if (is_local) {
    if (!CheckDaemonPath(file.daemon_path(), source_field, draft)) return;
    text = ReadHostText(files, file.daemon_path());
    if (!text.ok()) return draft.Fail(source_field, text.status());
  }
  const DockerfileText parsed = ParseDockerfile(*text);
  const bool has_base = std::any_of(parsed.instructions.begin(), parsed.instructions.end(),
                                    [](const DockerfileInstruction& one) { return one.keyword == "FROM"; });
  if (!has_base) return draft.Refuse(source_field, "is not a Dockerfile: it has no FROM");
  draft.set_escape(parsed.escape);
  draft.AppendVerbatim(source_field, *text, parsed);
  if (!is_local) return;
  const std::string& path = file.daemon_path();
  AddCopied(parsed, path.substr(0, path.rfind('/') + 1), source_field, files, draft);
}

void PlanRequirements(const v1::PipInstallFromRequirements& step, std::string_view field, const HostFiles& files,
                      PlanDraft& draft) {
  const std::string file_field = SubField(field, "requirements");
  std::optional<Placed> placed = PlaceFile(step.requirements(), file_field, files, draft);
  if (placed.has_value()) {
    const std::string source = DockerSource(placed->context.archive_path, draft.escape());
    draft.Append(absl::StrCat(CopyLine("COPY", source, "/.requirements.txt", draft.escape()), "\n"));
    draft.AddContext(file_field, std::move(placed->context));
  }
  AppendPipInstall("-r /.requirements.txt", step.options(), SubField(field, "options"), draft);
}

void PlanPyproject(const v1::PipInstallFromPyproject& step, std::string_view field, const HostFiles& files,
                   PlanDraft& draft) {
  absl::StatusOr<std::string> text = step.content();
  std::string source_field = SubField(field, "content");
  switch (step.source_case()) {
    case v1::PipInstallFromPyproject::kContent:
      break;
    case v1::PipInstallFromPyproject::kDaemonPath:
      source_field = SubField(field, "daemon_path");
      if (!CheckDaemonPath(step.daemon_path(), source_field, draft)) return;
      text = ReadHostText(files, step.daemon_path());
      if (!text.ok()) return draft.Fail(source_field, text.status());
      break;
    case v1::PipInstallFromPyproject::SOURCE_NOT_SET:
      return draft.Refuse(field, "needs content or daemon_path");
  }
  const std::vector<std::string> groups(step.optional_dependencies().begin(), step.optional_dependencies().end());
  absl::StatusOr<std::vector<std::string>> dependencies = PyprojectDependencies(*text, groups);
  if (!dependencies.ok()) return draft.Fail(source_field, dependencies.status());
  const std::string packages = PipPackages(*std::move(dependencies), source_field, draft);
  if (!packages.empty()) AppendPipInstall(packages, step.options(), SubField(field, "options"), draft);
}

void PlanLocalFile(const v1::AddLocalFile& step, std::string_view field, const HostFiles& files, PlanDraft& draft) {
  const std::string file_field = SubField(field, "file");
  const std::string remote_field = SubField(field, "remote_path");
  std::optional<Placed> placed = PlaceFile(step.file(), file_field, files, draft);
  if (!CheckImagePath(step.remote_path(), remote_field, draft) || !placed.has_value()) return;
  std::string destination = step.remote_path();
  if (destination.back() == '/') {
    if (placed->base_name.empty()) {
      return draft.Refuse(remote_field,
                          "must name the file, as its content has no name: a path that does not end in \"/\"");
    }
    destination += placed->base_name;
  }
  AppendCopy(*std::move(placed), destination, file_field, draft);
}

void PlanLocalDir(const v1::AddLocalDir& step, std::string_view field, const HostFiles& files, PlanDraft& draft) {
  const std::string directory_field = SubField(field, "directory");
  std::optional<Placed> placed = PlaceDirectory(step.directory(), directory_field, files, draft);
  if (!CheckImagePath(step.remote_path(), SubField(field, "remote_path"), draft) || !placed.has_value()) return;
  AppendCopy(*std::move(placed), step.remote_path(), directory_field, draft);
}

void PlanDockerfileCommands(const v1::DockerfileCommands& step, std::string_view field, const HostFiles& files,
                            PlanDraft& draft) {
  const std::string text = absl::StrCat(absl::StrJoin(step.commands(), "\n"), "\n");
  const DockerfileText parsed = ParseDockerfileLines(text, draft.escape());
  draft.AppendVerbatim(SubField(field, "commands"), text, parsed);
  if (step.has_context_dir()) PlanContextDir(step.context_dir(), parsed, SubField(field, "context_dir"), files, draft);
}

}  // namespace daytonad
