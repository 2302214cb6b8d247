#include "client/cli/create/create_progress.h"

#include <ostream>
#include <string>
#include <utility>

#include "client/cli/base/error_text.h"
#include "client/cli/base/text.h"

namespace daytonad::cli {

CreateProgress::CreateProgress(std::string kind, bool logs, const Console& console)
    : kind_(std::move(kind)), logs_(logs), err_(console.err), is_terminal_(console.err_width > 0) {}

void CreateProgress::Update(const std::string& name, const std::string& id, const std::string& state) {
  if (state == state_ && id == id_) return;
  name_ = name;
  id_ = id;
  state_ = state;
  Line(kind_ + " " + Printable(name) + ": " + Printable(state));
}

void CreateProgress::Log(const v1::LogChunk& chunk) {
  if (!logs_ || chunk.data().empty()) return;
  err_ << (is_terminal_ ? terminal_log_.Take(chunk.data()) : chunk.data()) << std::flush;
  inside_line_ = chunk.data().back() != '\n';
}

void CreateProgress::Warn(const v1::Warning& warning) { Line(WarningLine(warning)); }

void CreateProgress::SayWhatStays(const std::string& may_be_named) {
  if (id_.empty() && may_be_named.empty()) {
    if (inside_line_) Line("");
    return;
  }
  if (id_.empty()) {
    Line("note: " + kind_ + " " + Printable(may_be_named) + " may still appear; `daytonactl " + kind_ + " delete " +
         Printable(may_be_named) + "` deletes it, --request-id resumes it");
    return;
  }
  Line("note: " + kind_ + " " + Printable(name_) + " stays; `daytonactl " + kind_ + " delete " + Printable(id_) +
       "` deletes it");
}

void CreateProgress::Line(const std::string& text) {
  if (inside_line_) err_ << terminal_log_.Rest() << '\n';
  inside_line_ = false;
  if (!text.empty()) err_ << text << '\n';
  err_ << std::flush;
}

}  // namespace daytonad::cli
