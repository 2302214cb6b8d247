#include "daemon/operations/image/copy_sources.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/archive_path.h"
#include "daemon/operations/image/docker_words.h"
#include "daemon/operations/image/glob.h"
#include "daemon/operations/image/heredoc.h"

namespace daytonad {
namespace {

bool CopiesFromStage(const DockerfileInstruction& instruction) {
  return std::any_of(instruction.flags.begin(), instruction.flags.end(),
                     [](const std::string& flag) { return absl::StartsWith(flag, "--from="); });
}

// Whether ADD fetches it: http, https, ftp, ssh and git URLs, and Git's short form of ssh.
bool IsRemote(std::string_view source) {
  return absl::StrContains(AbslView(source), "://") || absl::StartsWith(AbslView(source), "git@");
}

struct Search {
  std::string root;
  std::string pattern;  // relative to it
};

Search SearchOf(const std::string& source, std::string_view context_dir) {
  const std::string normalized = NormalizePath(source);
  const std::string inside = NormalizePath(context_dir);
  if (normalized == inside || absl::StartsWith(normalized, absl::StrCat(inside == "/" ? "" : inside, "/"))) {
    return {"/", ArchivePath(normalized)};
  }
  std::string relative = ArchivePath(normalized);
  return {std::string(context_dir), relative.empty() ? "." : relative};
}

absl::Status LineError(const DockerfileInstruction& instruction, std::string_view source, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", instruction.line, ": ", instruction.keyword, " source \"",
                                                 AbslView(source), "\" ", AbslView(what)));
}

absl::Status FindSource(const DockerfileInstruction& instruction, const std::string& source,
                        std::string_view context_dir, const HostFiles& files, std::vector<ContextSource>& found) {
  const Search search = SearchOf(source, context_dir);
  if (ClimbsOut(search.pattern)) {
    return LineError(instruction, source, "is outside of the context directory: name what is below it");
  }
  absl::StatusOr<std::vector<std::string>> paths = ExpandPattern(search.root, search.pattern, files);
  if (absl::IsInvalidArgument(paths.status())) {
    return LineError(instruction, source, StdView(absl::StrCat(": ", paths.status().message())));
  }
  if (!paths.ok()) return paths.status();
  if (paths->empty()) {
    return LineError(instruction, source,
                     IsPattern(search.pattern) ? "matches nothing in the context directory"
                                               : "does not exist in the context directory");
  }
  for (std::string& path : *paths) {
    HostPath host{JoinPath(search.root, path)};
    found.push_back({std::move(path), std::move(host)});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ContextSources(const DockerfileInstruction& instruction, char escape) {
  std::vector<std::string> sources;
  if (instruction.keyword != "COPY" && instruction.keyword != "ADD") return sources;
  if (CopiesFromStage(instruction)) return sources;
  const std::optional<std::vector<std::string>> json = ParseJsonWords(instruction.arguments);
  std::vector<std::string> words =
      json.has_value() ? *json : absl::StrSplit(instruction.arguments, absl::ByAnyChar(" \t\v\f\r"), absl::SkipEmpty());
  if (words.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", instruction.line, ": ", instruction.keyword, " needs a source and a destination"));
  }
  words.pop_back();
  for (const std::string& word : words) {
    if (instruction.has_heredoc && !FindHeredocs(word).empty()) continue;
    if (instruction.keyword == "ADD" && IsRemote(word)) continue;
    const absl::StatusOr<std::string> source = ReadDockerWord(word, escape);
    if (!source.ok()) return LineError(instruction, word, StdView(source.status().message()));
    if (source->empty()) return LineError(instruction, word, "is empty");
    sources.push_back(*source);
  }
  return sources;
}

absl::StatusOr<std::vector<ContextSource>> FindCopied(const DockerfileText& text, std::string_view context_dir,
                                                      const HostFiles& files) {
  std::vector<ContextSource> found;
  for (const DockerfileInstruction& instruction : text.instructions) {
    const absl::StatusOr<std::vector<std::string>> sources = ContextSources(instruction, text.escape);
    if (!sources.ok()) return sources.status();
    for (const std::string& source : *sources) {
      absl::Status status = FindSource(instruction, source, context_dir, files, found);
      if (!status.ok()) return status;
    }
  }
  return found;
}

}  // namespace daytonad
