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

// Paths of fields, for what is refused: "steps[3].env" and "name"; "steps[3].env", "variables" and 0.
std::string SubField(std::string_view field, std::string_view name);
std::string FieldElement(std::string_view field, std::string_view name, int index);

// A plan in the making, and what was found to be wrong with the image on the way.
class PlanDraft {
 public:
  // The Dockerfile's escape character.
  char escape() const { return escape_; }
  void set_escape(char escape) { escape_ = escape; }

  // Adds whole lines, each with its end.
  void Append(std::string_view lines);

  // Adds text of the caller's as it is. If it ends inside an instruction, which `parsed` says, it must be the last.
  void AppendVerbatim(std::string_view field, std::string_view text, const DockerfileText& parsed);

  // Adds a context. `field` is whom to blame if another one has its archive path.
  void AddContext(std::string_view field, ContextSource context);

  // The field's value cannot be used. The first few of an image are told.
  void Refuse(std::string_view field, std::string_view description);

  // Refuses a plain INVALID_ARGUMENT's message; keeps any other error, the first, for the caller.
  void Fail(std::string_view field, const absl::Status& status);

  // Refuses text that would not stay within its line. True if it does.
  bool CheckOneLine(std::string_view field, std::string_view text);

  // True, and appends "`line`\n", if Docker reads exactly one instruction from it, with nothing left open: neither a
  // continuation nor a heredoc that would take what comes next. Else refuses it.
  bool AppendOneInstruction(std::string_view field, std::string_view line);

  // The plan; INVALID_ARGUMENT with all that was refused; or the error that was kept.
  absl::StatusOr<BuildPlan> Finish() &&;

 private:
  char escape_ = kDefaultEscape;
  BuildPlan plan_;
  // Whose text was left open; empty: nobody's.
  std::string open_field_;
  std::map<std::string, size_t> by_archive_path_;
  FieldViolations violations_;
  int refused_ = 0;
  absl::Status host_error_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_DRAFT_H_
