#include "daemon/operations/image/copy_sources.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
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

// What ADD fetches: http, https, ftp, ssh and git URLs, and Git's short form of ssh.
bool IsRemote(std::string_view source) {
  return absl::StrContains(AbslView(source), "://") || absl::StartsWith(AbslView(source), "git@");
}

struct Search {
  std::string root;
  std::string pattern;  // relative to it
  // What the Python SDK takes for the archive path, and hashes: the source with what joins it to the directory. Empty:
  // nothing but `pattern`, since the SDK looks for the source somewhere else.
  std::string written;
};

Search SearchOf(const std::string& source, std::string_view context_dir) {
  const std::string normalized = NormalizePath(source);
  const std::string inside = NormalizePath(context_dir);
  if (normalized == inside || absl::StartsWith(normalized, absl::StrCat(inside == "/" ? "" : inside, "/"))) {
    return {"/", ArchivePath(normalized), source};
  }
  const char* const joint = absl::EndsWith(AbslView(context_dir), "/") ? "" : "/";
  std::string relative = ArchivePath(normalized);
  return {std::string(context_dir), relative.empty() ? "." : relative,
          absl::StartsWith(source, "/") ? "" : absl::StrCat(joint, source)};
}

// Where the component begins that the first character of a pattern is in; npos if there is no pattern.
size_t FirstPatternComponent(const std::string& path) {
  size_t begin = 0;
  for (const absl::string_view component : absl::StrSplit(path, '/')) {
    if (IsPattern(StdView(component))) return begin;
    begin += component.size() + 1;
  }
  return std::string::npos;
}

// `path`, a match of the search, as the Python SDK writes it: what stands before the pattern stays as it is, what comes
// after it is what was found. A pattern that goes on with `.` or `..` is left to `path` itself.
std::string AsWritten(const std::string& written, const std::string& path) {
  const size_t pattern = FirstPatternComponent(written);
  if (pattern == std::string::npos) return written;
  const absl::string_view rest = absl::StripSuffix(absl::string_view(written).substr(pattern), "/");
  if (NormalizePath(StdView(rest)) != rest) return path;
  const std::string before = written.substr(0, pattern);
  const std::string before_path = ArchivePath(before);
  const size_t found = before_path.empty() || before_path == "." ? 0 : before_path.size() + 1;
  const std::string head = before.substr(0, before.find_last_not_of('/') + 1);
  const char* const end = absl::EndsWith(written, "/") ? "/" : "";
  return absl::StrCat(head, before.empty() ? "" : "/", path.substr(found), end);
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
    std::string hashed = search.written.empty() ? "" : AsWritten(search.written, path);
    found.push_back({std::move(path), std::move(host), std::move(hashed)});
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
