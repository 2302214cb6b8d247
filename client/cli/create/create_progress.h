#ifndef DAYTONAD_CLIENT_CLI_CREATE_CREATE_PROGRESS_H_
#define DAYTONAD_CLIENT_CLI_CREATE_CREATE_PROGRESS_H_

#include <ostream>
#include <string>

#include "client/cli/base/console.h"
#include "client/cli/base/text.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad::cli {

// Shows the progress of a create on standard error: a line for each new state, the build log as it arrives (on a
// terminal, through a TerminalLog), and warnings.
class CreateProgress {
 public:
  // `kind` is "sandbox" or "snapshot"; `logs` is whether build logs are shown.
  CreateProgress(std::string kind, bool logs, const Console& console);

  template <typename Resource>
  void Update(const Resource& resource) {
    Update(resource.name(), resource.id(), resource.state_text());
  }
  void Log(const v1::LogChunk& chunk);
  void Warn(const v1::Warning& warning);

  // Says that the accepted object still exists or, if none is known, that one of this name may still appear (empty:
  // none will).
  void SayWhatStays(const std::string& may_be_named);

 private:
  void Update(const std::string& name, const std::string& id, const std::string& state);
  void Line(const std::string& text);

  std::string kind_;
  bool logs_;
  std::ostream& err_;
  bool is_terminal_;
  TerminalLog terminal_log_;
  std::string name_;
  std::string id_;
  std::string state_;
  bool inside_line_ = false;  // the log so far does not end with a newline
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_CREATE_CREATE_PROGRESS_H_
