#ifndef DAYTONAD_DAEMON_OPERATIONS_CREATE_IGNORED_FIELDS_H_
#define DAYTONAD_DAEMON_OPERATIONS_CREATE_IGNORED_FIELDS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad {

// A warning for each field of a spec without which the server made something. `kind` says what: "sandbox".
inline std::vector<v1::Warning> IgnoredWarnings(const char* kind, const std::vector<std::string>& fields) {
  std::vector<v1::Warning> warnings;
  for (const std::string& field : fields) {
    v1::Warning warning;
    warning.set_reason("PARAMETER_IGNORED");
    warning.set_message(absl::StrCat("The server does not know ", field, ", and made the ", kind, " without it."));
    (*warning.mutable_metadata())["field"] = field;
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_CREATE_IGNORED_FIELDS_H_
