#include "client/cli/build/context_uploads.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/base/progress_bar.h"
#include "client/cli/build/docker_ignore.h"
#include "client/cpp/context_upload.h"

namespace daytonad::cli {
namespace {

namespace fs = std::filesystem;

struct Planned {
  const client::ContextSource* source;
  v1::BuildContextHeader header;
};

// The first pass reads every context, so that read errors show before anything is sent.
absl::StatusOr<std::vector<Planned>> Plan(const std::vector<client::ContextSource>& sources,
                                          const std::string& request_id) {
  std::vector<Planned> plan;
  for (const client::ContextSource& source : sources) {
    absl::StatusOr<client::PackedContext> packed = client::PackContext(source);
    if (!packed.ok()) return packed.status();
    if (packed->empty) continue;
    packed->header.set_request_id(request_id);
    plan.push_back({&source, std::move(packed->header)});
  }
  return plan;
}

// Uploads until one fails.
std::optional<client::Error> Upload(Session& session, const std::vector<Planned>& plan, bool quiet,
                                    std::vector<v1::UploadBuildContextResponse>& uploaded) {
  std::int64_t total = 0;
  for (const Planned& planned : plan) total += planned.header.size();
  ProgressBar bar("upload", total, session.console().err, quiet ? 0 : session.console().err_width);
  for (const Planned& planned : plan) {
    std::int64_t sent = 0;
    const auto on_progress = [&](std::int64_t sent_now) { bar.Sent(sent_now - std::exchange(sent, sent_now)); };
    const auto result = session.Make([&](grpc::ClientContext& context) {
      return client::UploadContext(session.client().builds(), *planned.source, planned.header, context, on_progress);
    });
    if (!result.ok()) return result.error;
    bar.Skipped(planned.header.size() - sent);
    uploaded.push_back(result.value);
  }
  bar.Finish();
  return std::nullopt;
}

absl::StatusOr<DockerIgnore> ReadDockerIgnore(const fs::path& directory) {
  const fs::path path = directory / ".dockerignore";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return DockerIgnore("");
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.good() && !file.eof()) return absl::PermissionDeniedError(absl::StrCat("can't read ", path.string()));
  return DockerIgnore(text);
}

// The target of a symbolic link. Docker does not follow one out of the context either.
absl::StatusOr<std::string> Resolve(const fs::path& link, const fs::path& directory) {
  std::error_code error;
  const std::string target = fs::canonical(link, error).string();
  const std::string root = fs::canonical(directory, error).string();
  if (!error && target.starts_with(root + "/")) return target;
  return absl::InvalidArgumentError(
      absl::StrCat(link.string(), " is a symbolic link that leads to nothing inside ", directory.string(),
                   "; put a copy in its place, or leave it out by naming it in .dockerignore"));
}

}  // namespace

std::optional<client::Error> UploadContexts(Session& session, const std::vector<client::ContextSource>& sources,
                                            const UploadOptions& options, const OnUploaded& on_uploaded) {
  const absl::StatusOr<std::vector<Planned>> plan = Plan(sources, options.request_id);
  if (!plan.ok()) return client::ErrorFrom(plan.status());
  std::vector<v1::UploadBuildContextResponse> uploaded;
  std::optional<client::Error> error = Upload(session, *plan, options.quiet, uploaded);
  for (std::size_t i = 0; i < uploaded.size(); ++i) on_uploaded(*(*plan)[i].source, uploaded[i]);
  return error;
}

absl::StatusOr<std::vector<client::ContextSource>> ContextsIn(const std::string& directory) {
  const fs::path root(directory);
  absl::StatusOr<DockerIgnore> parsed = ReadDockerIgnore(root);
  if (!parsed.ok()) return parsed.status();
  const auto ignore = std::make_shared<const DockerIgnore>(*std::move(parsed));
  std::vector<client::ContextSource> sources;
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const client::Inclusion inclusion = ignore->Includes(name);
    std::error_code unknown;
    if (inclusion != client::Inclusion::kTake &&
        (inclusion == client::Inclusion::kSkip || entry->symlink_status(unknown).type() != fs::file_type::directory)) {
      continue;
    }
    client::ContextSource source;
    source.path = entry->path().string();
    source.archive_path = name;
    source.includes = [ignore, name](const std::string& path) {
      return ignore->Includes(path.empty() ? name : absl::StrCat(name, "/", path));
    };
    if (entry->is_symlink(unknown)) {
      absl::StatusOr<std::string> target = Resolve(entry->path(), root);
      if (!target.ok()) return target.status();
      source.path = *std::move(target);
    }
    sources.push_back(std::move(source));
  }
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("can't read ", directory));
  std::ranges::sort(sources, {}, &client::ContextSource::archive_path);
  return sources;
}

}  // namespace daytonad::cli
