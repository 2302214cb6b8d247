#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_DRAFT_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_DRAFT_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/build_plan.h"
#include "daemon/operations/image/dockerfile.h"

namespace daytonad {

// Paths of refused fields: "steps[3].env" and "name"; "steps[3].env", "variables" and 0.
std::string SubField(std::string_view field, std::string_view name);
std::string FieldElement(std::string_view field, std::string_view name, int index);

// A plan under construction, with the violations found in the image so far.
class PlanDraft {
 public:
  // The Dockerfile's escape character.
  char escape() const { return escape_; }
  void set_escape(char escape) { escape_ = escape; }

  // Adds whole lines, each with its end.
  void Append(std::string_view lines);

  // Adds the caller's text unchanged. If it ends inside an instruction (`parsed.ends_open`), nothing may follow.
  void AppendVerbatim(std::string_view field, std::string_view text, const DockerfileText& parsed);

  // Adds a context. The error names `field` if another context has its archive path.
  void AddContext(std::string_view field, ContextSource context);

  // Records that the field's value cannot be used. Only the first violations of an image are reported.
  void Refuse(std::string_view field, std::string_view description);

  // Records the message of a plain INVALID_ARGUMENT; keeps the first other error for the caller.
  void Fail(std::string_view field, const absl::Status& status);

  // Refuses text that does not stay within its line. True if it does.
  bool CheckOneLine(std::string_view field, std::string_view text);

  // Appends "`line`\n" and returns true if Docker reads exactly one complete instruction from it, without an open
  // continuation or heredoc. Else refuses it.
  bool AppendOneInstruction(std::string_view field, std::string_view line);

  // The plan, INVALID_ARGUMENT with the violations, or the error that was kept.
  absl::StatusOr<BuildPlan> Finish() &&;

 private:
  char escape_ = kDefaultEscape;
  BuildPlan plan_;
  // The field whose text was left open; empty: none.
  std::string open_field_;
  std::map<std::string, size_t> by_archive_path_;
  FieldViolations violations_;
  int refused_ = 0;
  absl::Status host_error_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_DRAFT_H_
