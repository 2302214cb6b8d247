#include "daemon/operations/image/draft.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/archive_path.h"
#include "daemon/operations/image/text.h"

namespace daytonad {
namespace {

// Errors are sent in response headers, which are small.
constexpr int kMaxRefused = 16;

bool IsSame(const ContextSource& a, const ContextSource& b) {
  if (a.content.index() != b.content.index()) return false;
  if (const auto* path = std::get_if<HostPath>(&a.content)) {
    return NormalizePath(path->path) == NormalizePath(std::get<HostPath>(b.content).path);
  }
  if (const auto* file = std::get_if<InlineFile>(&a.content)) {
    return file->content == std::get<InlineFile>(b.content).content;
  }
  if (const auto* tar = std::get_if<InlineTar>(&a.content)) return tar->tar == std::get<InlineTar>(b.content).tar;
  return std::get<UploadedContext>(a.content).hash == std::get<UploadedContext>(b.content).hash;
}

// Docker's older builder treats any number of escape characters at the end as a continuation, today's BuildKit only
// one.
bool EndsInEscape(std::string_view line, char escape) {
  line = StripSpace(line);
  return !line.empty() && line.back() == escape;
}

}  // namespace

std::string SubField(std::string_view field, std::string_view name) {
  return absl::StrCat(AbslView(field), ".", AbslView(name));
}

std::string FieldElement(std::string_view field, std::string_view name, int index) {
  return absl::StrCat(AbslView(field), ".", AbslView(name), "[", index, "]");
}

void PlanDraft::Append(std::string_view lines) {
  if (!open_field_.empty()) {
    Refuse(open_field_,
           "ends inside an instruction (a continuation, or a heredoc without its end), which what follows would become "
           "part of");
    open_field_.clear();
  }
  // The last line of a Dockerfile may lack its newline.
  if (!plan_.dockerfile.empty() && plan_.dockerfile.back() != '\n') plan_.dockerfile += '\n';
  plan_.dockerfile += lines;
}

void PlanDraft::AppendVerbatim(std::string_view field, std::string_view text, const DockerfileText& parsed) {
  Append(text);
  if (parsed.ends_open) open_field_ = field;
}

void PlanDraft::AddContext(std::string_view field, ContextSource context) {
  // Several contexts may be at the root, or have no known name.
  const bool is_named = !context.archive_path.empty() && context.archive_path != ".";
  if (is_named) {
    const auto [entry, is_new] = by_archive_path_.emplace(context.archive_path, plan_.contexts.size());
    if (!is_new && !IsSame(plan_.contexts[entry->second], context)) {
      Refuse(field, StdView(absl::StrCat("the build context has something else named \"", context.archive_path,
                                         "\" already: give one of them another archive_path")));
      return;
    }
  }
  plan_.contexts.push_back(std::move(context));
}

void PlanDraft::Refuse(std::string_view field, std::string_view description) {
  if (++refused_ <= kMaxRefused) violations_.Add(field, Shortened(description));
}

void PlanDraft::Fail(std::string_view field, const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) {
    Refuse(field, StdView(status.message()));
  } else if (host_error_.ok()) {
    const std::string message = absl::StrCat(AbslView(field), ": ", Shortened(StdView(status.message())));
    host_error_ = WithErrorMessage(status, message);
  }
}

bool PlanDraft::CheckOneLine(std::string_view field, std::string_view text) {
  if (!HasLineBreak(text)) return true;
  Refuse(field, "must not contain line breaks or NUL, which would end its line of the Dockerfile");
  return false;
}

bool PlanDraft::AppendOneInstruction(std::string_view field, std::string_view line) {
  std::string text = absl::StrCat(AbslView(line), "\n");
  const DockerfileText parsed = ParseDockerfileLines(text, escape_);
  if (parsed.ends_open || EndsInEscape(line, escape_)) {
    Refuse(field, "leaves its line of the Dockerfile open (a continuation at its end, or a heredoc without its end)");
    return false;
  }
  if (parsed.instructions.size() != 1) {
    Refuse(field,
           "is more than one instruction of the Dockerfile: end lines that go on with the escape character, or write "
           "one entry for each command");
    return false;
  }
  Append(text);
  return true;
}

absl::StatusOr<BuildPlan> PlanDraft::Finish() && {
  if (absl::Status status = violations_.ToStatus(); !status.ok()) return status;
  if (!host_error_.ok()) return host_error_;
  return std::move(plan_);
}

}  // namespace daytonad
